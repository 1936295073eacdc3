import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { PageQuestion } from '../../src/serve/page/page-question.js';
import { askLine, curlLine, shellQuote } from '../../src/serve/page/shell-line.js';
import { Seeded } from '../reference/seeded.js';

const SIZE = { width: 480, height: 320 };
const QUESTION: PageQuestion = { text: 'What is it?', kind: 'free', items: [], sampling: {} };
const PIECES = [
  ...[
    "'",
    '"',
    '`',
    '$',
    '$(',
    ')',
    '${HOME}',
    '\\',
    '\\n',
    '!',
    '!!',
    '#',
    '&',
    '|',
    ';',
    '<',
    '>',
    '*',
    '?',
  ],
  ...[
    '~',
    '{a,b}',
    '[x]',
    '=',
    '%s',
    '-',
    '--',
    ' ',
    '\n',
    '\r',
    '\t',
    '\u001b[201~',
    '\u007f',
    '\u0085',
    'é',
    '🦙',
  ],
  ...['\u2028', 'END', 'word', '123', "$'", "\\'", '\\047'],
];

function hostileTexts(count: number): readonly string[] {
  const random = new Seeded(11);
  return Array.from({ length: count }, () =>
    Array.from({ length: random.below(9) }, () => PIECES[random.below(PIECES.length)] ?? '').join(''),
  );
}

describe('a word of a command line', () => {
  const texts = [...PIECES, ...hostileTexts(400), ''];
  const quoted = texts.map(shellQuote);

  it('is what it was, to bash', async () => {
    const { stdout } = await execa('bash', ['-c', `printf '%s\\0' ${quoted.join(' ')}`], {
      env: { LC_ALL: 'C.UTF-8' },
      stripFinalNewline: false,
    });
    expect(stdout.split('\0').slice(0, -1)).toEqual(texts);
  });

  it('is what it was, to a bash at a terminal, which knows its history', async () => {
    const lines = quoted.map((word) => `printf '%s\\0' ${word}\n`);
    const { stdout } = await execa('bash', ['--norc', '--noprofile', '-i'], {
      input: `set -H\n${lines.join('')}exit\n`,
      env: { LC_ALL: 'C.UTF-8', PS1: '' },
      stripFinalNewline: false,
    });
    expect(stdout.split('\0').slice(0, -1)).toEqual(texts);
  });

  it('never breaks the line, nor acts on a terminal', () => {
    for (const word of quoted) expect(word).not.toMatch(/\p{Cc}/u);
  });

  it('is left alone where it is harmless', () => {
    for (const word of ['photo.png', './a/b-c_d.jpg', '--format', '0.5']) expect(shellQuote(word)).toBe(word);
    expect(shellQuote("it's")).toBe("'it'\\''s'");
    expect(shellQuote('--labels=red, blue')).toBe("--labels='red, blue'");
  });
});

describe('a line of llava ask', () => {
  const once = { file: 'shapes.png', size: SIZE, turns: [], question: QUESTION };

  it.each<[Partial<PageQuestion>, string]>([
    [{}, "llava ask --model demo 'What is it?' shapes.png"],
    [{ kind: 'box', text: 'the star' }, "llava ask --model demo --format box 'the star' shapes.png"],
    [{ kind: 'caption', text: '' }, "llava ask --model demo --format caption '' shapes.png"],
    [{ kind: 'yes-no' }, "llava ask --model demo --yes-no 'What is it?' shapes.png"],
    [
      { kind: 'labels', items: ['red', 'dark blue'] },
      "llava ask --model demo --labels='red,dark blue' --probabilities 'What is it?' shapes.png",
    ],
    [
      { kind: 'letter', items: ['red', '-blue'] },
      "llava ask --model demo --choice=red --choice=-blue --probabilities 'What is it?' shapes.png",
    ],
    [
      { sampling: { temperature: 0.7, top_p: 0.9, seed: 1, max_tokens: 20 } },
      "llava ask --model demo --temperature 0.7 --top-p 0.9 --seed 1 --max-tokens 20 'What is it?' shapes.png",
    ],
    [{ text: '-x' }, 'llava ask --model demo -- -x shapes.png'],
  ])('asks the same: %o', (change, line) => {
    expect(askLine({ ...once, question: { ...QUESTION, ...change } }, 'demo')).toBe(line);
  });

  it('names files of one’s own, and files whose names look like flags', () => {
    expect(askLine({ ...once, file: '-' }, '/models/my llava.gguf')).toBe(
      "llava ask --gguf '/models/my llava.gguf' 'What is it?' ./-",
    );
  });
});

describe('a line of curl', () => {
  const where = { address: 'http://127.0.0.1:8080/', needsKey: false };

  it('sends the picture first, whatever the question says', () => {
    const question = { ...QUESTION, text: 'data:;base64,' };
    const line = curlLine({ file: "it's.png", size: SIZE, turns: [], question }, where);
    expect(line).toBe(
      `{ printf %s '{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:;base64,'; ` +
        `base64 < 'it'\\''s.png' | tr -d '\\n'; ` +
        `printf %s '"}},{"type":"text","text":"data:;base64,"}]}]}'; } | ` +
        `curl -sS http://127.0.0.1:8080/v1/chat/completions -H 'Content-Type: application/json' -d @-`,
    );
  });

  it('has the key from the shell, never in itself', () => {
    const line = curlLine(
      { file: 'a.png', size: SIZE, turns: [], question: QUESTION },
      { ...where, needsKey: true },
    );
    expect(line).toContain('-H "Authorization: Bearer $LLAVA_API_KEY" -d @-');
  });
});
