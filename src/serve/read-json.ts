import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { RequestProblem } from './request-problem.js';

/**
 * The body of a request, which must be JSON.
 * @throws RequestProblem 413, 415, or 400
 */
export async function readJson(context: Context, maxBytes: number): Promise<unknown> {
  const type = context.req.header('content-type') ?? '';
  // A page elsewhere can send any other type without asking first.
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new RequestProblem(415, 'The body must be "Content-Type: application/json".', {
      code: 'unsupported_media_type',
    });
  const bytes = await readBody(context, maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RequestProblem(400, `The body is not JSON: ${(error as Error).message}.`, {
      code: 'invalid_json',
    });
  }
}

/** Reads no more than a body may have, whatever it announces; from Node's own stream, which costs least. */
async function readBody(context: Context, maxBytes: number): Promise<Uint8Array> {
  if (Number(context.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const { incoming } = context.env as HttpBindings;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The connection is still needed for the answer.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): RequestProblem {
  return new RequestProblem(413, `The body is larger than ${maxBytes} bytes.`, { code: 'too_large' });
}
