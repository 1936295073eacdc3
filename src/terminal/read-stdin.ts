import { ExpectedError } from '../llava/expected-error.js';
import type { Io } from './io.js';

/**
 * All bytes of stdin.
 * @throws ExpectedError('input') when stdin is a terminal, is empty, or holds more than `maxBytes`.
 */
export async function readStdin(io: Io, maxBytes: number): Promise<Uint8Array> {
  if (io.stdinIsTerminal)
    throw new ExpectedError('input', '"-" asks for a picture on stdin, and stdin is the terminal.', {
      hint: 'Pipe a picture in: llava ask "What is this?" - < photo.jpg',
    });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes)
      throw new ExpectedError('input', `stdin holds more than ${maxBytes} bytes.`, {
        hint: 'Pipe one picture in, of at most that size',
      });
  }
  if (size === 0)
    throw new ExpectedError('input', 'stdin is empty: there is no picture in it.', {
      hint: 'Pipe a picture in: llava ask "What is this?" - < photo.jpg',
    });
  return Buffer.concat(chunks);
}
