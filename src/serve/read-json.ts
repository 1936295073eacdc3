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

/** Reads no more than a body may have, whatever it announces. */
async function readBody(context: Context, maxBytes: number): Promise<Uint8Array> {
  const problem = new RequestProblem(413, `The body is larger than ${maxBytes} bytes.`, {
    code: 'too_large',
  });
  if (Number(context.req.header('content-length') ?? 0) > maxBytes) throw problem;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (context.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw problem;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
