import { describe, expect, it } from 'vitest';
import { checkChoosing, choosingOf } from '../../src/llava/choosing.js';
import type { Question } from '../../src/llava/response-format.js';

const letters: Question = { text: 'Which?', format: 'letter', choices: ['red', 'blue'] };
const labels: Question = { text: 'Which?', format: 'short', labels: ['red', 'Blue', 'éclair'] };

describe('choosingOf', () => {
  it('is about letters, which stand for the choices', () => {
    expect(choosingOf(letters)?.choices).toEqual([
      { name: 'red', answer: 'A', spellings: ['A'] },
      { name: 'blue', answer: 'B', spellings: ['B'] },
    ]);
  });

  it('lets a label be said capitalised', () => {
    expect(choosingOf(labels)?.choices.map(({ spellings }) => spellings)).toEqual([
      ['red', 'Red'],
      ['Blue'],
      ['éclair', 'Éclair'],
    ]);
  });

  it('is nothing where the answer is free', () => {
    expect(choosingOf({ text: 'Which?', format: 'free' })).toBeUndefined();
    expect(choosingOf({ ...letters, unconstrained: true })).toBeUndefined();
  });
});

describe('checkChoosing', () => {
  it.each([
    ['one label', { ...labels, labels: ['red'] }, /2 to 20000 labels, not 1/],
    ['no label', { ...labels, labels: [] }, /not 0/],
    ['an empty label', { ...labels, labels: ['red', ' '] }, /" " is not a label/],
    ['a label of two lines', { ...labels, labels: ['red', 'a\nb'] }, /is not a label/],
    ['a label twice', { ...labels, labels: ['red', 'Red'] }, /"Red" is given twice/],
    ['a choice twice', { ...letters, choices: ['red', 'red'] }, /choice "red" is given twice/],
    ['labels with choices', { ...labels, choices: ['a', 'b'] }, /without choices/],
    ['labels in another format', { ...labels, format: 'caption' }, /short or free format/],
    [
      'probabilities of nothing',
      { text: 'Q', format: 'free', probabilities: 'none' },
      /need choices or labels/,
    ],
    [
      'probabilities unconstrained',
      { ...letters, unconstrained: true, probabilities: 'none' },
      /need choices or labels/,
    ],
  ] as const)('refuses %s', (_, question, message) => {
    expect(() => {
      checkChoosing(question);
    }).toThrow(message);
  });

  it('takes what can be asked', () => {
    for (const question of [letters, labels, { ...labels, probabilities: 'length' } as const])
      expect(() => {
        checkChoosing(question);
      }).not.toThrow();
  });
});
