import { describe, expect, it } from 'vitest';
import type { RowFields } from '../../src/batch/rows/batch-row.js';
import { parseRow } from '../../src/batch/rows/parse-row.js';
import { ROW_ERROR_CODES } from '../../src/batch/rows/row-error.js';
import { writeAnsweredRow, writeFailedRow } from '../../src/batch/rows/write-row.js';
import { Seeded } from '../reference/seeded.js';

const defaults = { sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: 512 } };
const facts = { model: 'demo', created: 0, timings: false };
const answered = {
  answer: { answer: 'B', stop: 'end', device: 'cpu', tokens: { prompt: 2, image: 1, answer: 1 } },
  picture: { sha256: 'ab12', width: 40, height: 30 },
  request: 'The request',
  fingerprint: 'F',
} as const;

/** The output row of a line that is answered where it can be asked. */
function output(row: object | string): RowFields {
  const text = typeof row === 'string' ? row : JSON.stringify(row);
  const parsed = parseRow({ number: 7, bytes: text.length, text }, defaults);
  const line = 'error' in parsed ? writeFailedRow(parsed) : writeAnsweredRow(parsed, answered, facts);
  expect(line).toMatch(/^[^\n]*\n$/);
  return JSON.parse(line) as RowFields;
}

/** Lines of 40 kinds that are no rows, with the code of each. */
const MALFORMED: readonly (readonly [line: string, code: keyof typeof ROW_ERROR_CODES])[] = [
  ...[
    '{',
    '}',
    '[]',
    '3',
    '"a"',
    'null',
    'true',
    '{"id":1,}',
    "{'id':1}",
    '{"id":1}{"id":2}',
    'id: 1',
    '\u0000',
    '{"image":"a',
    '{"a":01}',
    '{"a":NaN}',
  ].map((line) => [line, 'bad_json'] as const),
  ...[
    '{}',
    '{"image":"a"}',
    '{"question":"Q"}',
    '{"image":"","question":"Q"}',
    '{"image":3,"question":"Q"}',
    '{"image":null,"question":"Q"}',
    '{"image":["a"],"question":"Q"}',
    '{"image":"a","question":""}',
    '{"image":"a","question":"  "}',
    '{"image":"a","question":3}',
    '{"image":"a","question":"Q","format":"long"}',
    '{"image":"a","question":"Q","format":3}',
    '{"image":"a","question":"Q","format":"letter"}',
    '{"image":"a","question":"Q","choices":["one"]}',
    '{"image":"a","question":"Q","choices":"ab"}',
    '{"image":"a","question":"Q","choices":["a",2]}',
    '{"image":"a","question":"Q","choices":["a",""]}',
    '{"image":"a","question":"Q","format":"short","choices":["a","b"]}',
    '{"image":"a","question":"here","format":"region"}',
    '{"image":"a","question":"Q","ocr":3}',
    '{"image":"a","question":"Q","temperature":-1}',
    '{"image":"a","question":"Q","temperature":"hot"}',
    '{"image":"a","question":"Q","top_p":0}',
    '{"image":"a","question":"Q","top_p":1.1}',
    '{"image":"a","question":"Q","seed":1.5}',
    '{"image":"a","question":"Q","seed":-1}',
    '{"image":"a","question":"Q","max_tokens":0}',
    '{"image":"a","question":"Q","max_tokens":1e9}',
    '{"id":12345678901234567890,"image":"a","question":"Q"}',
    '{"question_id":1,"image":"a"}',
    '{"question_id":1,"text":"Q"}',
    '{"question_id":{},"image":"a","text":"Q"}',
    '{"question_id":1,"image":"a","text":""}',
    '{"custom_id":"c"}',
    '{"custom_id":3,"body":{}}',
    '{"body":{"messages":[]}}',
    '{"custom_id":"c","body":[]}',
    `{"image":"a","question":"Q","x":${'['.repeat(200)}${']'.repeat(200)}}`,
  ].map((line) => [line, 'bad_row'] as const),
];

describe('what is no row', () => {
  it.each(MALFORMED)('%s is %s', (line, code) => {
    expect(output(line)['error']).toMatchObject({ code, line: 7 });
  });

  it('keeps its id where that can be told', () => {
    expect(output('{"id": "a\\"b", "image": ')).toMatchObject({ id: 'a"b', error: { code: 'bad_json' } });
    expect(output('{"image": "x", "question_id": 7 "text"')).toMatchObject({ question_id: 7 });
    expect(output('{"id": 12345678901234567890, "image": "a"}')).toMatchObject({
      id: '12345678901234567890',
    });
  });

  it('names the field and what it holds', () => {
    const message = (line: object) => (output(line)['error'] as { message: string }).message;
    expect(message({ image: 'a', question: 'Q', temperature: 'hot' })).toBe(
      'Field "temperature" is "hot": it takes a number.',
    );
    expect(message({ question: 'Q' })).toBe('Field "image" is missing.');
    expect(message({ image: 'a', question: 'Q', max_tokens: 0 })).toContain(
      'it takes a whole number from 1 to 1000000',
    );
    expect(message({ image: 'a', question: 'Q', choices: ['a', 2] })).toContain('"choices.1" is 2');
  });

  it('never gets past the parser, whatever a row is changed to', () => {
    const seeds = [
      ...MALFORMED.map(([line]) => line),
      JSON.stringify({ image: 'a', question: 'Q', choices: ['a', 'b'] }),
    ];
    const random = new Seeded(5);
    const characters = '{}[]",:\\ \u0000\ud800é9e-.tfn_id';
    for (let i = 0; i < 20_000; i++) {
      let line = seeds[random.below(seeds.length)]!;
      for (let edits = 1 + random.below(3); edits > 0; edits--) {
        const at = random.below(line.length + 1);
        line =
          line.slice(0, at) + characters[random.below(characters.length)]! + line.slice(at + random.below(3));
      }
      const row = output(line);
      if ('error' in row && row['error'] !== null)
        expect(Object.keys(ROW_ERROR_CODES)).toContain((row['error'] as { code: string }).code);
    }
  });

  it('is not undone by a line of brackets alone', () => {
    expect(output('['.repeat(1_000_000))['error']).toMatchObject({ code: 'bad_json' });
    expect(
      output(`{"image":"a","question":"Q","x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)['error'],
    ).toMatchObject({ code: 'bad_row' });
  });
});
