import type { ServerResponse } from 'node:http';
import { Seeded } from '../reference/seeded.js';
import { echo, writeJson, type StubAnswer, type StubQuestion } from './stub-server.js';

const ANSWER = { message: { role: 'assistant', content: ' half' }, finish_reason: 'stop' };
const USAGE = { prompt_tokens: 640, completion_tokens: 2 };
const WHOLE = JSON.stringify({ choices: [ANSWER], usage: USAGE });

/** What servers, and what stands in front of them, do instead of answering. */
const FAULTS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'too many': (response) => {
    writeJson(response, { error: { message: 'too many requests' } }, 429);
  },
  'too many, seconds': (response) => {
    response.setHeader('retry-after', '1');
    writeJson(response, { error: { message: 'too many requests' } }, 429);
  },
  unavailable: (response) => {
    response.writeHead(503).end('<html>Service Unavailable</html>');
  },
  'unavailable, a date': (response) => {
    response.setHeader('retry-after', new Date(Date.now() + 1000).toUTCString());
    response.writeHead(503).end();
  },
  'a failure': (response) => {
    writeJson(response, { error: { message: 'out of memory', code: 500 } }, 500);
  },
  'a gateway': (response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
  },
  'a reset': (response) => {
    response.socket?.resetAndDestroy();
  },
  'a reset within': (response) => {
    response.writeHead(200, { 'content-length': WHOLE.length });
    response.write(WHOLE.slice(0, 20), () => response.socket?.resetAndDestroy());
  },
  'half an answer': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(WHOLE.slice(0, WHOLE.length / 2));
  },
  'an end too soon': (response) => {
    response.writeHead(200, { 'content-length': WHOLE.length });
    response.write(WHOLE.slice(0, 20), () => response.socket?.end());
  },
  'no end': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const piece = `"${'x'.repeat(1 << 20)}`;
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
  },
  'a drip': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 50);
    response.on('close', () => {
      clearInterval(drip);
    });
  },
  silence: () => undefined,
  'no JSON': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>It works!</html>');
  },
  nothing: (response) => {
    response.writeHead(200).end();
  },
  'another form': (response) => {
    writeJson(response, { choices: [], usage: USAGE });
  },
  'wrong types': (response) => {
    writeJson(response, { choices: [{ ...ANSWER, message: { content: 7 } }], usage: USAGE });
  },
  'an error inside': (response) => {
    writeJson(response, { error: { message: 'CUDA error', type: 'internal' } });
  },
  'no HTTP': (response) => {
    response.socket?.end('It works!\r\n\r\n');
  },
  'given up': (response) => {
    writeJson(response, { choices: [{ ...ANSWER, finish_reason: 'abort' }], usage: USAGE });
  },
};

export const FAULT_NAMES = Object.keys(FAULTS);

/** Answers some tries by a fault, the same ones each time; rows that say `hopeless` never get an answer. */
export function misbehave(
  share: number,
): (question: StubQuestion, response: ServerResponse) => StubAnswer | undefined {
  return ({ text, tries }, response) => {
    const random = new Seeded(hash(`${text} ${tries}`));
    if (random.next() >= share && !text.includes('hopeless')) return echo({ text });
    const name = FAULT_NAMES[Math.floor(random.next() * FAULT_NAMES.length)] ?? '';
    FAULTS[name]?.(response);
    return undefined;
  };
}

function hash(text: string): number {
  let sum = 17;
  for (const character of text) sum = (Math.imul(sum, 31) + character.charCodeAt(0)) >>> 0;
  return sum;
}
