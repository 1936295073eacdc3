import { expect, it } from 'vitest';
import { answerLine, batchLine } from '../../src/eval/files/answer-line.js';
import type { EvalRow } from '../../src/eval/benchmark.js';
import { pythonJson } from '../../src/eval/files/python.js';

const row: EvalRow = {
  questionId: 7,
  image: undefined,
  picture: 'data:image/png;base64,AA',
  text: 'Q\nending',
  prompt: 'Q',
  category: 'default',
  extra: { round_id: 0, options: ['a'], option_char: ['A'] },
};

/** What the batch makes of a row of LLaVA's form: the fields it does not know are in `metadata`. */
function answered(line: string, fields: object): string {
  const { question_id, text, row } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({ question_id, prompt: text, ...fields, metadata: { row } });
}

it('puts the authors’ prompt and fields into an answer, in their order', () => {
  const line = batchLine(row, 'p.png');
  expect(JSON.parse(line)).toMatchObject({ question_id: 7, image: 'p.png', text: 'Q\nending' });
  expect(answerLine(answered(line, { text: ' A\n', answer_id: 'x', model_id: 'm' }))).toBe(
    '{"question_id":7,"round_id":0,"prompt":"Q","text":"A","options":["a"],"option_char":["A"],"answer_id":"x","model_id":"m","metadata":{}}\n',
  );
});

it('keeps the error of a row that failed, without a text', () => {
  expect(
    answerLine(answered(batchLine({ ...row, extra: {} }, 'p.png'), { error: { code: 'bad_picture' } })),
  ).toBe('{"question_id":7,"prompt":"Q","metadata":{},"error":{"code":"bad_picture"}}\n');
});

/** `json.dumps` of Python 3.12 gives these. */
it.each([
  [{ a: 1, b: ['x', null], c: undefined }, '{"a": 1, "b": ["x", null]}'],
  ['\u007f\u0080é😀\u2028/"\\\b\u0001', '"\\u007f\\u0080\\u00e9\\ud83d\\ude00\\u2028/\\"\\\\\\b\\u0001"'],
  [{}, '{}'],
  [[], '[]'],
])('writes %j as Python does', (value, json) => {
  expect(pythonJson(value)).toBe(json);
});
