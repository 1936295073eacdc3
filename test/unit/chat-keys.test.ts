import { PassThrough } from 'node:stream';
import { emitKeypressEvents } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { snapToGrapheme } from '../../src/terminal/screen/graphemes.js';
import { KeyGatherer, type Key, type Keypress } from '../../src/terminal/screen/keyboard.js';
import { complete, emptyInput, pressKey } from '../../src/terminal/screen/input.js';
import { Seeded } from '../reference/seeded.js';

/** Bytes of a keyboard → keys, by the way of the real interface. */
function keysOf(typed: string): Key[] {
  const stream = new PassThrough();
  const gatherer = new KeyGatherer();
  const keys: Key[] = [];
  emitKeypressEvents(stream);
  stream.on('keypress', (character: string | undefined, press: Keypress) => {
    const key = gatherer.take(character, press);
    if (key !== undefined) keys.push(key);
  });
  stream.emit('data', Buffer.from(typed));
  return keys;
}

describe('any keys at all', () => {
  const seeded = new Seeded(6);
  const random = () => seeded.next();
  const pick = <Item>(items: readonly Item[]): Item => items[seeded.below(items.length)]!;
  const texts = [
    'a',
    ' ',
    'é',
    '漢',
    '👩‍👩‍👧',
    '🇨',
    '\u0301',
    '\u200d',
    '\ud83d',
    '\u001b',
    'two words',
    '\\',
    '/',
  ];
  const names = [
    ...[
      'return',
      'newline',
      'tab',
      'escape',
      'backspace',
      'delete',
      'left',
      'right',
      'up',
      'down',
      'home',
      'end',
    ],
    ...'abcdefghklnpruvwy'.split(''),
  ];

  function randomKey(): Key {
    const kind = random();
    if (kind < 0.4) return { kind: 'text', text: pick(texts) };
    if (kind < 0.45) return { kind: 'paste', text: `${pick(texts)}\r\n${pick(texts)}\u0000${pick(texts)}` };
    return { kind: 'key', name: pick(names), ctrl: random() < 0.3, alt: random() < 0.2 };
  }

  it('never break the line in 100,000 presses', () => {
    let input = emptyInput(['one', 'two\nrows', '👍🏽']);
    for (let press = 0; press < 100_000; press++) {
      const step = pressKey(input, randomKey(), random() < 0.1);
      input = step.input;
      if (step.effect?.type === 'complete')
        input = complete(input, step.effect.text, { start: 0, candidates: [pick(texts), pick(texts)] });
      const { text, cursor } = input.line;
      if (text.length > 200) input = emptyInput(input.history.entries.slice(-50));
      if (snapToGrapheme(text, cursor) !== cursor || cursor > text.length)
        throw new Error(`${press}: ${cursor} in ${JSON.stringify(text)}`);
      if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text) || /\p{Surrogate}/u.test(text))
        throw new Error(`${press}: ${JSON.stringify(text)}`);
    }
  });

  it('never break the bytes they come in', () => {
    for (let round = 0; round < 2000; round++) {
      const bytes = Array.from({ length: 20 }, () =>
        pick(['\u001b', '[', 'O', '2', '0', ';', '~', 'A', 'u', '1', 'a', '\r', '漢']),
      );
      expect(() => keysOf(bytes.join(''))).not.toThrow();
    }
  });
});
