import { PassThrough } from 'node:stream';
import { emitKeypressEvents } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { findEntry, historyOf, LONGEST_HISTORY, remember } from '../../src/terminal/screen/history.js';
import { KeyGatherer, type Keypress } from '../../src/terminal/screen/keyboard.js';
import {
  complete,
  emptyPrompt,
  pressKey,
  type Prompt,
  type PromptEffect,
} from '../../src/terminal/screen/input.js';

interface Typed {
  readonly prompt: Prompt;
  readonly effects: readonly PromptEffect[];
}

/** What is left in the prompt after typing; `|` shows the cursor. */
async function type(typed: string, entries: readonly string[] = [], isAnswering = false): Promise<Typed> {
  const stream = new PassThrough();
  const gatherer = new KeyGatherer();
  let prompt = emptyPrompt(entries);
  const effects: PromptEffect[] = [];
  emitKeypressEvents(stream);
  stream.on('keypress', (character: string | undefined, press: Keypress) => {
    const key = gatherer.take(character, press);
    if (key === undefined) return;
    const step = pressKey(prompt, key, isAnswering);
    prompt = step.prompt;
    if (step.effect !== undefined) effects.push(step.effect);
  });
  stream.write(typed);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { prompt, effects };
}

function shown({ line: { text, cursor } }: Prompt): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

const KEYS = {
  left: '\u001b[D',
  right: '\u001b[C',
  up: '\u001b[A',
  down: '\u001b[B',
  home: '\u001b[H',
  end: '\u001b[F',
  delete: '\u001b[3~',
  backspace: '\u007f',
  wordLeft: '\u001b[1;5D',
  wordRight: '\u001bf',
  altEnter: '\u001b\r',
  shiftEnter: '\u001b[13;2u',
} as const;

describe('editing', () => {
  it.each([
    ['abc', 'abc|'],
    [`abc${KEYS.left}${KEYS.left}X`, 'aX|bc'],
    [`abc${KEYS.home}${KEYS.delete}`, '|bc'],
    [`one two${KEYS.wordLeft}X`, 'one X|two'],
    [`one two${KEYS.home}${KEYS.wordRight}`, 'one| two'],
    ['one two\u0017', 'one |'],
    ['one two\u0017\u0001\u0019', 'two|one '],
    ['one two\u0015', '|'],
    [`one two${KEYS.wordLeft}\u000b`, 'one |'],
    [`ab${KEYS.left}\u0004`, 'a|'],
    ['one two\u001b\u007f', 'one |'],
  ])('%j leaves %j', async (typed, expected) => {
    expect(shown((await type(typed)).prompt)).toBe(expected);
  });

  it.each([
    ['a family', 'a👩‍👩‍👧b', '👩‍👩‍👧'],
    ['a flag', 'a🇨🇭b', '🇨🇭'],
    ['a wide character', 'a漢b', '漢'],
    ['an accent of its own', 'ae\u0301b', 'e\u0301'],
    ['a skin tone', 'a👍🏽b', '👍🏽'],
  ])('takes %s as one character', async (_, text, character) => {
    const twoLeft = await type(`${text}${KEYS.left}${KEYS.left}`);
    expect(shown(twoLeft.prompt)).toBe(`a|${character}b`);
    const gone = await type(`${text}${KEYS.left}${KEYS.backspace}`);
    expect(shown(gone.prompt)).toBe('a|b');
  });

  it('keeps a line break of Alt-Enter, Shift-Enter, a line feed or a backslash at the end', async () => {
    for (const key of [KEYS.altEnter, KEYS.shiftEnter, '\n', '\\\r'])
      expect(shown((await type(`a${key}b`)).prompt)).toBe('a\nb|');
  });

  it('moves between rows, to the same column', async () => {
    const { prompt } = await type(`abcd${KEYS.altEnter}漢字x${KEYS.altEnter}ef${KEYS.up}`);
    expect(shown(prompt)).toBe('abcd\n漢|字x\nef');
    const top = await type(`abcd${KEYS.altEnter}漢字x${KEYS.up}`);
    expect(shown(top.prompt)).toBe('abcd|\n漢字x');
  });

  it('takes no control characters from what is typed or pasted', async () => {
    const { prompt } = await type('x\u001b[200~a\u0007b\u009bc\td\u001b[201~');
    expect(shown(prompt)).toBe('xabc    d|');
  });
});

describe('a paste', () => {
  it('of several lines is one text, and is not sent', async () => {
    const { prompt, effects } = await type('\u001b[200~one\r\ntwo\rthree\u001b[201~');
    expect([shown(prompt), effects]).toEqual(['one\ntwo\nthree|', []]);
  });

  it('of one line into an empty prompt may be a picture', async () => {
    const { effects } = await type('\u001b[200~/tmp/a.png\u001b[201~');
    expect(effects).toEqual([{ type: 'pasted', text: '/tmp/a.png' }]);
  });
});

describe('keys that ask for something', () => {
  it('sends a line with Enter and empties the prompt', async () => {
    const { prompt, effects } = await type('What is it?\r');
    expect([shown(prompt), effects]).toEqual(['|', [{ type: 'submit', text: 'What is it?' }]]);
  });

  it('sends no empty line', async () => {
    expect((await type('  \r\r')).effects).toEqual([]);
  });

  it('stops the answer with Ctrl-C, and keeps what is typed', async () => {
    const { prompt, effects } = await type('next\u0003', [], true);
    expect([shown(prompt), effects]).toEqual(['next|', [{ type: 'stop' }]]);
  });

  it('leaves with Ctrl-C twice at an empty prompt, no sooner', async () => {
    expect((await type('\u0003')).effects).toEqual([]);
    expect((await type('\u0003')).prompt.isLeaving).toBe(true);
    expect((await type('\u0003a\u0003\u0003')).effects).toEqual([]);
    expect((await type('\u0003\u0003')).effects).toEqual([{ type: 'leave' }]);
    expect((await type('\u0004')).effects).toEqual([{ type: 'leave' }]);
  });
});

describe('history', () => {
  const entries = ['What is it?', 'How many?', 'Where is the star?'];

  it('is walked with Up and Down, and gives the draft back', async () => {
    expect(shown((await type(`dr${KEYS.up}${KEYS.up}`, entries)).prompt)).toBe('How many?|');
    expect(shown((await type(`dr${KEYS.up}${KEYS.down}`, entries)).prompt)).toBe('dr|');
    expect(shown((await type(KEYS.up.repeat(9), entries)).prompt)).toBe('What is it?|');
  });

  it('is searched with Ctrl-R, again for older ones, and Enter sends what is found', async () => {
    expect((await type('\u0012IS\r', entries)).effects).toEqual([
      { type: 'submit', text: 'Where is the star?' },
    ]);
    expect((await type('\u0012is\u0012\r', entries)).effects).toEqual([
      { type: 'submit', text: 'What is it?' },
    ]);
    expect(shown((await type(`\u0012many${KEYS.home}`, entries)).prompt)).toBe('|How many?');
  });

  it('leaves the prompt as it was when the search is given up', async () => {
    expect(shown((await type('draft\u0012is\u0007', entries)).prompt)).toBe('draft|');
    expect(shown((await type('draft\u0012is\u0003', entries)).prompt)).toBe('draft|');
  });

  it('keeps a repeated line once, and no more than so many', () => {
    let history = historyOf([]);
    for (const line of ['a', 'a', 'b']) history = remember(history, line);
    expect(history.entries).toEqual(['a', 'b']);
    expect(historyOf(Array.from({ length: 1500 }, String)).entries).toHaveLength(LONGEST_HISTORY);
    expect(findEntry(['x'], 'y', 1)).toBeUndefined();
  });
});

describe('completion', () => {
  it('takes the only candidate, what several share, and nothing after more was typed', async () => {
    const { prompt, effects } = await type('/image st\t');
    expect(effects).toEqual([{ type: 'complete', text: '/image st' }]);
    const only = complete(prompt, '/image st', { start: 7, candidates: ['street.png'] });
    expect(shown(only)).toBe('/image street.png|');
    const several = complete(prompt, '/image st', { start: 7, candidates: ['street.png', 'strand.png'] });
    expect([shown(several), several.candidates]).toEqual(['/image str|', ['street.png', 'strand.png']]);
    expect(complete(prompt, '/image s', { start: 7, candidates: ['sun.png'] })).toBe(prompt);
  });

  it('never takes half of a character', async () => {
    const { prompt } = await type('/image \t');
    const several = complete(prompt, '/image ', { start: 7, candidates: ['😀.png', '😁.png'] });
    expect(shown(several)).toBe('/image |');
  });
});
