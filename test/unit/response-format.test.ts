import { describe, expect, it } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { checkQuestion, writeRequest, type Question } from '../../src/llava/response-format.js';

const picture = { width: 640, height: 480 };

const requests: [name: string, question: Question, request: string][] = [
  ['free', { text: 'What is it?', format: 'free' }, 'What is it?'],
  [
    'short',
    { text: ' What is it? ', format: 'short' },
    'What is it?\nAnswer the question using a single word or phrase.',
  ],
  [
    'letter',
    { text: 'What is it?', format: 'letter', choices: ['red', 'blue'] },
    "What is it?\nA. red\nB. blue\nAnswer with the option's letter from the given choices directly.",
  ],
  [
    'caption without a question',
    { text: '', format: 'caption' },
    'Provide a one-sentence caption for the provided image.',
  ],
  [
    'detailed',
    { text: 'Describe the image.', format: 'detailed' },
    'Describe the image.\nPlease explain in detail.',
  ],
  [
    'unanswerable (VizWiz)',
    { text: 'What is it?', format: 'unanswerable' },
    "What is it?\nWhen the provided information is insufficient, respond with 'Unanswerable'.\nAnswer the question using a single word or phrase.",
  ],
  [
    'OCR hint (TextVQA)',
    { text: 'What does it say?', format: 'short', ocrTokens: ['STOP', 'here'] },
    'What does it say?\nReference OCR token: STOP, here\nAnswer the question using a single word or phrase.',
  ],
  [
    'region in pixels, on the padded square',
    { text: '64, 0, 320, 240', format: 'region' },
    'Please provide a short description for this region: [0.1, 0.13, 0.5, 0.5].',
  ],
  [
    'region in fractions, as they are',
    { text: '[0.32, 0.8, 0.59, 1.0]', format: 'region' },
    'Please provide a short description for this region: [0.32, 0.8, 0.59, 1.0].',
  ],
  [
    'box',
    { text: 'Bathroom floor is dark tiles.', format: 'box' },
    'Please provide the bounding box coordinate of the region this sentence describes: Bathroom floor is dark tiles.',
  ],
];

describe('writeRequest', () => {
  it.each(requests)('%s', (_, question, request) => {
    expect(writeRequest(question, picture)).toBe(request);
  });
});

const mistakes: [name: string, question: Question, says: RegExp][] = [
  ['an empty question', { text: '  ', format: 'free' }, /empty/],
  ['letter without choices', { text: 'x', format: 'letter' }, /2 to 26 choices, not 0/],
  ['one choice', { text: 'x', format: 'letter', choices: ['a'] }, /not 1/],
  ['choices elsewhere', { text: 'x', format: 'short', choices: ['a', 'b'] }, /not with "short"/],
  ['a choice of two lines', { text: 'x', format: 'letter', choices: ['a\nb', 'c'] }, /more than one line/],
  ['a region that is no box', { text: 'the cat', format: 'region' }, /"the cat" is not one/],
  ['a box inside out', { text: '9 9 1 1', format: 'region' }, /"9 9 1 1" is not one/],
];

describe('checkQuestion', () => {
  it.each(mistakes)('refuses %s', (_, question, says) => {
    expect(() => {
      checkQuestion(question);
    }).toThrow(ExpectedError);
    expect(() => {
      checkQuestion(question);
    }).toThrow(says);
  });
});
