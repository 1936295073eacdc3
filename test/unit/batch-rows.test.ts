import { describe, expect, it } from 'vitest';
import type { QuestionDefaults } from '../../src/answer/question-options.js';
import type { RowFields } from '../../src/batch/rows/batch-row.js';
import { parseRow } from '../../src/batch/rows/parse-row.js';
import type { AnsweredRow } from '../../src/batch/rows/row-answer.js';
import { writeAnsweredRow, writeFailedRow } from '../../src/batch/rows/write-row.js';

const defaults: QuestionDefaults = { sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: 512 } };
const facts = { model: 'demo', created: 1_700_000_000, timings: false };
const answered: AnsweredRow = {
  answer: { answer: 'B', stop: 'end', device: 'cpu', tokens: { prompt: 620, image: 576, answer: 2 } },
  picture: { sha256: 'ab12', width: 40, height: 30 },
  request: 'The request',
  fingerprint: 'F',
};

const parse = (row: object | string, more: Partial<QuestionDefaults> = {}) => {
  const text = typeof row === 'string' ? row : JSON.stringify(row);
  return parseRow({ number: 7, bytes: text.length, text }, { ...defaults, ...more });
};

/** The output row of a row that is answered, or of one that failed. */
function output(row: object | string, more?: Partial<QuestionDefaults>): RowFields {
  const parsed = parse(row, more);
  const line = 'error' in parsed ? writeFailedRow(parsed) : writeAnsweredRow(parsed, answered, facts);
  expect(line).toMatch(/^[^\n]*\n$/);
  return JSON.parse(line) as RowFields;
}

describe("the tool's own rows", () => {
  it('carry all they had, and the fields of ask --json', () => {
    const row = {
      id: 'x',
      image: 'a.png',
      question: 'Which?',
      choices: ['red', 'blue'],
      mine: { deep: [1] },
    };
    expect(Object.entries(output(row))).toEqual(
      Object.entries({
        ...row,
        format: 'letter',
        answer: 'B',
        letter: 'B',
        choice: 'blue',
        stop: 'end',
        model: 'demo',
        device: 'cpu',
        sha256: 'ab12',
        width: 40,
        height: 30,
        tokens: { prompt: 620, image: 576, answer: 2 },
      }),
    );
  });

  it('keep what a field of theirs had when the answer needs its name', () => {
    const row = output({ image: 'a.png', question: 'Q', answer: 'expected', model: 'mine', given: 1 });
    expect(row).toMatchObject({ answer: 'B', model: 'demo', given: { answer: 'expected', model: 'mine' } });
    expect(output({ image: 'a.png', error: 'mine' })).toMatchObject({
      error: { code: 'bad_row' },
      given: { error: 'mine' },
    });
  });

  it('override the settings and the format of the command', () => {
    const row = {
      image: 'a',
      question: 'Q',
      temperature: 0.5,
      top_p: 0.9,
      seed: 3,
      max_tokens: 9,
      format: 'short',
      ocr: 'a, b',
    };
    const more = { format: 'detailed', ocrTokens: ['x'] } as const;
    expect(parse(row, more)).toMatchObject({
      question: { text: 'Q', format: 'short', ocrTokens: ['a', 'b'] },
      sampling: { temperature: 0.5, topP: 0.9, seed: 3, maxTokens: 9 },
    });
    expect(parse({ image: 'a', question: 'Q', temperature: null }, more)).toMatchObject({
      question: { format: 'detailed', ocrTokens: ['x'] },
      sampling: defaults.sampling,
    });
    expect(parse({ image: 'a', question: 'Q' }, { choices: ['a', 'b'] })).toMatchObject({
      question: { format: 'letter', choices: ['a', 'b'] },
    });
  });

  it('show a data URL only by its beginning', () => {
    const row = output({ image: `data:image/png;base64,${'A'.repeat(5000)}`, question: 'Q' });
    expect(row['image']).toMatch(/^data:image\/png;base64,A+…$/);
    expect(String(row['image']).length).toBeLessThan(60);
  });

  it('may have fields with the names of JavaScript itself', () => {
    const text = '{"image":"a","question":"Q","__proto__":{"x":1},"constructor":2,"toString":3}';
    const line = JSON.stringify(output(text));
    expect(line).toContain('"__proto__":{"x":1},"constructor":2,"toString":3');
    expect(line).not.toContain('given');
  });
});

describe("the authors' rows", () => {
  const row = {
    question_id: 12,
    image: 'a.jpg',
    text: 'Q\nAnswer the question using a single word or phrase.',
    category: 'c',
  };

  it('become exactly the six fields of their answer files, in order', () => {
    const { answer_id: id, ...rest } = output(row);
    expect(Object.keys(output(row))).toEqual([
      'question_id',
      'prompt',
      'text',
      'answer_id',
      'model_id',
      'metadata',
    ]);
    expect(rest).toEqual({ question_id: 12, prompt: row.text, text: 'B', model_id: 'demo', metadata: {} });
    expect(id).toMatch(/^[2-9A-HJ-NP-Za-km-z]{22}$/);
    expect(output(row)['answer_id']).toBe(id);
  });

  it('keep unknown fields in metadata, and say the prompt that was asked', () => {
    const more = output({ ...row, round: 2, temperature: 0 }, { format: 'short' });
    expect(more).toMatchObject({ metadata: { round: 2 }, prompt: 'The request' });
  });

  it('have no text when they failed', () => {
    const failed = output({ ...row, max_tokens: 'many', round: 2 });
    expect(failed).toEqual({
      question_id: 12,
      prompt: row.text,
      metadata: { round: 2 },
      error: { code: 'bad_row', message: expect.stringContaining('"max_tokens"') as string, line: 7 },
    });
  });
});

describe("OpenAI's rows", () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } };
  const text = { type: 'text', text: 'Q' };
  const row = (body: object) => ({ custom_id: 'c1', method: 'POST', url: '/v1/chat/completions', body });
  const user = (...content: object[]) => ({ model: 'any', messages: [{ role: 'user', content }] });

  it('become response rows', () => {
    const { id, response, ...rest } = output(row({ ...user(text, image), max_completion_tokens: 5 }));
    expect(rest).toEqual({ custom_id: 'c1', error: null });
    expect(id).toMatch(/^batch_req_\w{22}$/);
    expect(response).toMatchObject({
      status_code: 200,
      body: {
        object: 'chat.completion',
        created: 1_700_000_000,
        model: 'demo',
        choices: [{ index: 0, message: { role: 'assistant', content: 'B' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 620, completion_tokens: 2, total_tokens: 622 },
      },
    });
    const parsed = parse(
      row({ ...user(image, text, { type: 'text', text: 'R' }), max_completion_tokens: 5 }),
    );
    expect(parsed).toMatchObject({ question: { text: 'Q\nR' }, sampling: { maxTokens: 5 } });
  });

  const turns = [
    { role: 'user', content: [text, image] },
    { role: 'assistant', content: 'A' },
  ];
  it.each<[string, object, string]>([
    [
      'a system message',
      { messages: [{ role: 'system', content: 'S' }, ...user(text, image).messages] },
      'unsupported',
    ],
    ['several turns', { messages: turns }, 'unsupported'],
    ['no picture', user(text), 'unsupported'],
    ['text alone', { messages: [{ role: 'user', content: 'Q' }] }, 'unsupported'],
    ['two pictures', user(text, image, image), 'unsupported'],
    ['sound', user(text, { type: 'input_audio' }), 'unsupported'],
    ['several answers', { ...user(text, image), n: 2 }, 'unsupported'],
    ['a stream', { ...user(text, image), stream: true }, 'unsupported'],
    ['a stop word', { ...user(text, image), stop: ['x'] }, 'unsupported'],
    ['tools', { ...user(text, image), tools: [{}] }, 'unsupported'],
    ['JSON', { ...user(text, image), response_format: { type: 'json_object' } }, 'unsupported'],
    ['no messages', {}, 'bad_row'],
    ['an empty list', { messages: [] }, 'unsupported'],
    ['a message that is none', { messages: [3] }, 'bad_row'],
    ['a part that is none', user(3 as unknown as object), 'bad_row'],
    ['an address that is none', user(text, { type: 'image_url', image_url: 3 }), 'bad_row'],
    ['no text', user(image), 'bad_row'],
    ['heat', { ...user(text, image), temperature: 9 }, 'bad_row'],
  ])('with %s are refused', (_, body, code) => {
    expect(output(row(body))).toMatchObject({ custom_id: 'c1', response: null, error: { code, line: 7 } });
  });

  it('may say what changes nothing', () => {
    const body = {
      ...user(text, image),
      n: 1,
      stream: false,
      stop: null,
      tools: [],
      response_format: { type: 'text' },
      user: 'u',
    };
    expect(parse(row(body))).not.toHaveProperty('error');
  });
});
