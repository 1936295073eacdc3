import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normaliseAnswer, normaliseVqaAnswer } from '../../src/eval/metrics/evalai-normaliser.js';
import { textVqaAccuracy, vqaAccuracy } from '../../src/eval/metrics/vqa-accuracy.js';
import { strip } from '../../src/eval/files/python.js';
import { projectFile } from '../helpers/run-llava.js';

/** Made by test/fixtures/make_evalai_references.py, a transcription of the public scorers. */
const normalised = readReferences<[answer: string, evalai: string, vqa: string]>('normalised.jsonl');
const scored =
  readReferences<[answer: string, people: string[], textVqa: number, vqa: number]>('scored.jsonl');

function readReferences<Row>(name: string): Row[] {
  const text = readFileSync(projectFile(`test/fixtures/evalai/${name}`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

it.each([
  ['3.', '3'],
  ['1.5', '1.5'],
  ['u.s.a.', 'usa'],
  ['(a) dog', 'dog'],
  ['1,000', '1000'],
  ['None', '0'],
  ['two  Cats', '2 cats'],
  ["the dog's", "dog 's"],
  ['dont', "don't"],
  ["somebody'd", 'somebodyd'],
  ['e-mail', 'e mail'],
  ['e- mail', 'e mail'],
  ['Coca-Cola - can', 'cocacola can'],
  ['', ''],
])('normalises %j to %j', (answer, normalised) => {
  expect(normaliseAnswer(answer)).toBe(normalised);
});

describe('beside a transcription of the public scorers', () => {
  it('normalises the same', () => {
    expect(normalised.length).toBeGreaterThan(1200);
    const ours = normalised.map(([answer]) => [answer, normaliseAnswer(answer), normaliseVqaAnswer(answer)]);
    expect(ours).toEqual(normalised);
  });

  it('scores the same', () => {
    expect(new Set(scored.map(([, , textVqa]) => textVqa)).size).toBeGreaterThan(4);
    for (const [answer, people, textVqa, vqa] of scored) {
      expect(textVqaAccuracy(answer, people), answer).toBeCloseTo(textVqa, 12);
      expect(vqaAccuracy(answer, people), answer).toBeCloseTo(vqa, 12);
    }
  });
});

it('strips what Python calls white space', () => {
  expect(strip('\x1c\x85\u3000 a b\x1f\n')).toBe('a b');
  expect(strip('\ufeffa\u200b')).toBe('\ufeffa\u200b');
  expect(strip(' \t')).toBe('');
});

describe('on any text', () => {
  const texts = Array.from({ length: 5000 }, (_, seed) => randomText(seed + 1));

  it('never throws and leaves no white space but single blanks between words', () => {
    for (const text of texts) expect(normaliseAnswer(text)).toMatch(/^(?:[^ \t-\r]+(?: [^ \t-\r]+)*)?$/);
  });

  it('does not depend on white space around the text', () => {
    for (const text of texts) expect(normaliseAnswer(` ${text}\n`)).toBe(normaliseAnswer(text));
  });

  it('changes letters and digits that it has normalised no more', () => {
    for (const text of texts) {
      const once = normaliseAnswer(text.replaceAll(/[^\p{L}\p{Nd} ]/gu, ' '));
      expect(normaliseAnswer(once)).toBe(once);
    }
  });

  it('removes 32 periods at a time, so that more take another turn', () => {
    const once = normaliseAnswer(`a${'.'.repeat(33)}b`);
    expect(once).toBe('a.b');
    expect(normaliseAnswer(once)).toBe('ab');
  });
});

/** Up to 30 characters from anywhere in Unicode, lone surrogates too; the same for the same seed. */
function randomText(seed: number): string {
  let state = seed;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return Array.from({ length: next(31) }, () => {
    const range = next(4);
    return String.fromCharCode(range < 2 ? 32 + next(95) : range === 2 ? next(0x250) : next(0x10000));
  }).join('');
}
