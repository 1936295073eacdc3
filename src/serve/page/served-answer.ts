import type { Rectangle } from '../../llava/box-in-file.js';
import { readEvents } from './read-events.js';
import { ServerProblem } from './server-problem.js';

/** What the page shows of the record that comes with an answer. */
export interface ServedRecord {
  readonly answer: string;
  /** The option behind a letter. */
  readonly choice?: string;
  readonly rectangle?: Rectangle;
  readonly probabilities?: readonly { readonly choice: string; readonly probability: number }[];
  /** `end`, `max-tokens` or `context-full`. */
  readonly stop: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly tokens: { readonly answer: number };
}

export type ServedPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'record'; readonly record: ServedRecord };

/** A chunk of a completion; errors come in its place. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
  readonly llava?: ServedRecord;
  readonly error?: { readonly message: string };
}

/**
 * An answer in pieces, then its record.
 * @throws ServerProblem for an error that comes in the stream, or when it ends before the answer does
 */
export async function* readAnswer(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<ServedPiece, undefined> {
  for await (const data of readEvents(stream)) {
    if (data === '[DONE]') return;
    const { choices, llava, error } = JSON.parse(data) as Chunk;
    if (error !== undefined) throw new ServerProblem(error.message);
    const text = choices?.[0]?.delta?.content ?? '';
    if (text !== '') yield { type: 'text', text };
    if (llava !== undefined) yield { type: 'record', record: llava };
  }
  throw new ServerProblem('The answer broke off: the server went away.');
}
