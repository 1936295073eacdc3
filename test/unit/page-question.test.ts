import { describe, expect, it } from 'vitest';
import type { AnswerRecord } from '../../src/answer/answer-record.js';
import { writeRequest } from '../../src/llava/response-format.js';
import { ANSWER_KINDS, isAnswerKind, type AnswerKind } from '../../src/serve/page/answer-kind.js';
import { splitItems, writeBody, type PageQuestion } from '../../src/serve/page/page-question.js';
import { placeBox } from '../../src/serve/page/place-box.js';
import { readEvents } from '../../src/serve/page/read-events.js';
import { readAnswer, type ServedPiece, type ServedRecord } from '../../src/serve/page/served-answer.js';
import { problemIn } from '../../src/serve/page/server-problem.js';
import { readChatRequest } from '../../src/serve/chat-request.js';

const SIZE = { width: 480, height: 320 };
const PICTURE = 'data:image/png;base64,AAAA';
const SAMPLING = { temperature: 0, topP: 1, seed: undefined, maxTokens: 512 };
const ITEMS: Partial<Record<AnswerKind, readonly string[]>> = { letter: ['red', 'blue'], labels: ['a', 'b'] };

function questionOf(kind: AnswerKind, text = 'What is it?'): PageQuestion {
  return { text: kind === 'region' ? '10, 20, 30, 40' : text, kind, items: ITEMS[kind] ?? [], sampling: {} };
}

/** Bytes as a network gives them. */
function streamOf(bytes: Uint8Array, piece: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
      controller.close();
    },
  });
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('a question of the page', () => {
  it.each(Object.keys(ANSWER_KINDS) as AnswerKind[])('is one that the server takes: %s', (kind) => {
    const request = readChatRequest(writeBody(PICTURE, SIZE, [], questionOf(kind)), SAMPLING);
    const { question } = request.asking;
    expect(request.image).toBe(PICTURE);
    expect(question.format).toBe(kind === 'labels' || kind === 'yes-no' ? 'short' : kind);
    expect(question.probabilities).toBe(['letter', 'labels', 'yes-no'].includes(kind) ? 'none' : undefined);
  });

  it.each(Object.keys(ANSWER_KINDS) as AnswerKind[])('stays as the model was asked it: %s', (kind) => {
    const turns = [{ question: questionOf(kind), answer: 'An answer.' }];
    const body = writeBody(PICTURE, SIZE, turns, questionOf('free', 'And now?'));
    const asked = readChatRequest(body, SAMPLING);
    const { question } = readChatRequest(writeBody(PICTURE, SIZE, [], questionOf(kind)), SAMPLING).asking;
    expect(asked.turns).toEqual([{ question: writeRequest(question, SIZE), answer: 'An answer.' }]);
    expect(asked.asking.question.text).toBe('And now?');
  });

  it('says how to sample only what was typed', () => {
    const sampling = { temperature: 0.5, top_p: 0.9, seed: 3, max_tokens: 20 };
    const body = writeBody(PICTURE, SIZE, [], { ...questionOf('free'), sampling });
    expect(readChatRequest(body, SAMPLING).asking.sampling).toEqual({
      temperature: 0.5,
      topP: 0.9,
      seed: 3,
      maxTokens: 20,
    });
    expect(Object.keys(writeBody(PICTURE, SIZE, [], questionOf('free')))).toEqual(['messages']);
  });

  it('has labels between commas and choices one a line', () => {
    expect(splitItems('labels', ' red, blue,,\n green ')).toEqual(['red', 'blue', 'green']);
    expect(splitItems('letter', ' red, or so \n\n blue ')).toEqual(['red, or so', 'blue']);
    expect(splitItems('box', 'red, blue')).toEqual([]);
    expect(isAnswerKind('toString')).toBe(false);
  });
});

describe('the answer that comes in', () => {
  const events = [
    'data: {"a":1}',
    ': a comment',
    'event: x\ndata: äö🦙',
    'data: 1\ndata:2',
    'id: 3',
    'data:',
  ];
  const data = ['{"a":1}', 'äö🦙', '1\n2', ''];

  it.each([1, 2, 3, 7, 1000])('is read from events in pieces of %i bytes', async (piece) => {
    for (const lineBreak of ['\n', '\r\n']) {
      const text = events
        .map((event) => `${event.replaceAll('\n', lineBreak)}${lineBreak}${lineBreak}`)
        .join('');
      expect(await collect(readEvents(streamOf(new TextEncoder().encode(text), piece)))).toEqual(data);
    }
  });

  it('ends the connection when nobody listens any more', async () => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('data: x\n\n'));
      },
      cancel() {
        isCancelled = true;
      },
    });
    for await (const event of readEvents(stream)) {
      expect(event).toBe('x');
      break;
    }
    expect(isCancelled).toBe(true);
  });

  const answerOf = async (...chunks: readonly string[]): Promise<ServedPiece[]> => {
    const text = chunks.map((chunk) => `data: ${chunk}\n\n`).join('');
    return await collect(readAnswer(streamOf(new TextEncoder().encode(text), 5)));
  };

  it('is text, then the record', async () => {
    const pieces = await answerOf(
      '{"choices":[{"delta":{"role":"assistant","content":""}}]}',
      '{"choices":[{"delta":{"content":"Red"}}]}',
      '{"choices":[{"delta":{}}],"llava":{"answer":"Red"}}',
      '{"choices":[]}',
      '[DONE]',
    );
    expect(pieces).toEqual([
      { type: 'text', text: 'Red' },
      { type: 'record', record: { answer: 'Red' } },
    ]);
  });

  it('may be an error, or break off', async () => {
    await expect(answerOf('{"error":{"message":"The server is ending."}}')).rejects.toThrow('is ending');
    await expect(answerOf('{"choices":[{"delta":{"content":"Re"}}]}')).rejects.toThrow('broke off');
  });

  it('has in its record what the page shows', () => {
    // Types alone: the record of the server is one that the page can show.
    const show = (record: ServedRecord) => record;
    const shown: (record: AnswerRecord) => ServedRecord = show;
    expect(shown).toBe(show);
  });

  it.each([
    ['{"error":{"message":"No."}}', 'No.'],
    ['{"error":"No."}', 'The server answered with status 502, and nothing else.'],
    ['<html>Bad gateway</html>', 'The server answered with status 502, and nothing else.'],
    ['null', 'The server answered with status 502, and nothing else.'],
  ])('is refused with %s', async (body, message) => {
    expect(await problemIn(new Response(body, { status: 502 }))).toMatchObject({ message, status: 502 });
  });
});

it('a box lies on the picture in shares of it', () => {
  expect(placeBox({ x: 120, y: 80, width: 240, height: 16 }, SIZE)).toEqual({
    left: '25%',
    top: '25%',
    width: '50%',
    height: '5%',
  });
});
