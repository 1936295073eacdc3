import { describe, expect, it } from 'vitest';
import { readAnswer, readYesOrNo } from '../../src/llava/read-answer.js';

const picture = { width: 200, height: 100 };

describe('readAnswer', () => {
  it.each([
    ['B', { letter: 'B', choice: 'blue' }],
    ['B.', { letter: 'B', choice: 'blue' }],
    ['B. blue', { letter: 'B', choice: 'blue' }],
    ['C', {}],
    ['Blue', {}],
  ])('reads the letter of %j', (answer, reading) => {
    const question = { text: 'x', format: 'letter', choices: ['red', 'blue'] } as const;
    expect(readAnswer(answer, question, picture)).toEqual(reading);
  });

  it('turns a box into pixels of the picture', () => {
    const question = { text: 'the cat', format: 'box' } as const;
    expect(readAnswer('[0.25, 0.25, 0.5, 0.75]', question, picture)).toEqual({
      box: [50, 0, 100, 100],
      rectangle: { x: 50, y: 0, width: 50, height: 100 },
    });
    expect(readAnswer('no idea', question, picture)).toEqual({});
  });

  it('tells an unanswerable question', () => {
    const question = { text: 'x', format: 'unanswerable' } as const;
    expect(readAnswer('Unanswerable', question, picture)).toEqual({ unanswerable: true });
    expect(readAnswer('Red', question, picture)).toEqual({ unanswerable: false });
  });
});

describe('readYesOrNo', () => {
  it.each([
    ['Yes', 'yes'],
    ['No, there is no dog.', 'no'],
    ['"yes"', 'yes'],
    ['Nothing', undefined],
    ['Red', undefined],
  ])('%j', (answer, reading) => {
    expect(readYesOrNo(answer)).toBe(reading);
  });
});
