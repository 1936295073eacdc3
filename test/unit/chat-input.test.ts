import { PassThrough } from 'node:stream';
import { emitKeypressEvents } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { findEntry, historyOf, LONGEST_HISTORY, remember } from '../../src/terminal/screen/history.js';
import { KeyGatherer, type Keypress } from '../../src/terminal/screen/keyboard.js';
import {
  complete,
  emptyInput,
  pressKey,
  type Input,
  type InputEffect,
} from '../../src/terminal/screen/input.js';

interface Typed {
  readonly input: Input;
  readonly effects: readonly InputEffect[];
}

/** What is left in the input line after typing; `|` shows the cursor. */
async function type(typed: string, entries: readonly string[] = [], isAnswering = false): Promise<Typed> {
  const stream = new PassThrough();
  const gatherer = new KeyGatherer();
  let input = emptyInput(entries);
  const effects: InputEffect[] = [];
  emitKeypressEvents(stream);
  stream.on('keypress', (character: string | undefined, press: Keypress) => {
    const key = gatherer.take(character, press);
    if (key === undefined) return;
    const step = pressKey(input, key, isAnswering);
    input = step.input;
    if (step.effect !== undefined) effects.push(step.effect);
  });
  stream.write(typed);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { input, effects };
}

function shown({ line: { text, cursor } }: Input): string {
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
    expect(shown((await type(typed)).input)).toBe(expected);
  });

  it.each([
    ['a family', 'a👩‍👩‍👧b', '👩‍👩‍👧'],
    ['a flag', 'a🇨🇭b', '🇨🇭'],
    ['a wide character', 'a漢b', '漢'],
    ['an accent of its own', 'ae\u0301b', 'e\u0301'],
    ['a skin tone', 'a👍🏽b', '👍🏽'],
  ])('takes %s as one character', async (_, text, character) => {
    const twoLeft = await type(`${text}${KEYS.left}${KEYS.left}`);
    expect(shown(twoLeft.input)).toBe(`a|${character}b`);
    const gone = await type(`${text}${KEYS.left}${KEYS.backspace}`);
    expect(shown(gone.input)).toBe('a|b');
  });

  it('keeps a line break of Alt-Enter, Shift-Enter, a line feed or a backslash at the end', async () => {
    for (const key of [KEYS.altEnter, KEYS.shiftEnter, '\n', '\\\r'])
      expect(shown((await type(`a${key}b`)).input)).toBe('a\nb|');
  });

  it('moves between rows, to the same column', async () => {
    const { input } = await type(`abcd${KEYS.altEnter}漢字x${KEYS.altEnter}ef${KEYS.up}`);
    expect(shown(input)).toBe('abcd\n漢|字x\nef');
    const top = await type(`abcd${KEYS.altEnter}漢字x${KEYS.up}`);
    expect(shown(top.input)).toBe('abcd|\n漢字x');
  });

  it('takes no control characters from what is typed or pasted', async () => {
    const { input } = await type('x\u001b[200~a\u0007b\u009bc\td\u001b[201~');
    expect(shown(input)).toBe('xabc    d|');
  });
});

describe('a paste', () => {
  it('of several lines is one text, and is not sent', async () => {
    const { input, effects } = await type('\u001b[200~one\r\ntwo\rthree\u001b[201~');
    expect([shown(input), effects]).toEqual(['one\ntwo\nthree|', []]);
  });

  it('of one line into an empty input line may be a picture', async () => {
    const { effects } = await type('\u001b[200~/tmp/a.png\u001b[201~');
    expect(effects).toEqual([{ type: 'pasted', text: '/tmp/a.png' }]);
  });
});

describe('keys that ask for something', () => {
  it('sends a line with Enter and empties the input line', async () => {
    const { input, effects } = await type('What is it?\r');
    expect([shown(input), effects]).toEqual(['|', [{ type: 'submit', text: 'What is it?' }]]);
  });

  it('sends no empty line', async () => {
    expect((await type('  \r\r')).effects).toEqual([]);
  });

  it('stops the answer with Ctrl-C, and keeps what is typed', async () => {
    const { input, effects } = await type('next\u0003', [], true);
    expect([shown(input), effects]).toEqual(['next|', [{ type: 'stop' }]]);
  });

  it('leaves with Ctrl-C twice on an empty input line, no sooner', async () => {
    expect((await type('\u0003')).effects).toEqual([]);
    expect((await type('\u0003')).input.isLeaving).toBe(true);
    expect((await type('\u0003a\u0003\u0003')).effects).toEqual([]);
    expect((await type('\u0003\u0003')).effects).toEqual([{ type: 'leave' }]);
    expect((await type('\u0004')).effects).toEqual([{ type: 'leave' }]);
  });
});

describe('history', () => {
  const entries = ['What is it?', 'How many?', 'Where is the star?'];

  it('is walked with Up and Down, and gives the draft back', async () => {
    expect(shown((await type(`dr${KEYS.up}${KEYS.up}`, entries)).input)).toBe('How many?|');
    expect(shown((await type(`dr${KEYS.up}${KEYS.down}`, entries)).input)).toBe('dr|');
    expect(shown((await type(KEYS.up.repeat(9), entries)).input)).toBe('What is it?|');
  });

  it('is searched with Ctrl-R, again for older ones, and Enter sends what is found', async () => {
    expect((await type('\u0012IS\r', entries)).effects).toEqual([
      { type: 'submit', text: 'Where is the star?' },
    ]);
    expect((await type('\u0012is\u0012\r', entries)).effects).toEqual([
      { type: 'submit', text: 'What is it?' },
    ]);
    expect(shown((await type(`\u0012many${KEYS.home}`, entries)).input)).toBe('|How many?');
  });

  it('leaves the input line as it was when the search is given up', async () => {
    expect(shown((await type('draft\u0012is\u0007', entries)).input)).toBe('draft|');
    expect(shown((await type('draft\u0012is\u0003', entries)).input)).toBe('draft|');
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
    const { input, effects } = await type('/image st\t');
    expect(effects).toEqual([{ type: 'complete', text: '/image st' }]);
    const only = complete(input, '/image st', { start: 7, candidates: ['street.png'] });
    expect(shown(only)).toBe('/image street.png|');
    const several = complete(input, '/image st', { start: 7, candidates: ['street.png', 'strand.png'] });
    expect([shown(several), several.candidates]).toEqual(['/image str|', ['street.png', 'strand.png']]);
    expect(complete(input, '/image s', { start: 7, candidates: ['sun.png'] })).toBe(input);
  });

  it('never takes half of a character', async () => {
    const { input } = await type('/image \t');
    const several = complete(input, '/image ', { start: 7, candidates: ['😀.png', '😁.png'] });
    expect(shown(several)).toBe('/image |');
  });
});
