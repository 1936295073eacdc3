import { ExpectedError } from '../llava/expected-error.js';
import type { Io } from './io.js';

/**
 * All bytes of stdin.
 * @throws ExpectedError('input') when stdin is a terminal, is empty, or holds more than `maxBytes`.
 */
export async function readStdin(io: Io, maxBytes: number): Promise<Uint8Array> {
  if (io.stdinIsTerminal)
    throw new ExpectedError('input', '"-" reads a picture from stdin, but stdin is the terminal.', {
      hint: 'Pipe in a picture: llava ask "What is this?" - < photo.jpg',
    });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes)
      throw new ExpectedError('input', `stdin holds more than ${maxBytes} bytes.`, {
        hint: 'Pipe in one picture of at most that size',
      });
  }
  if (size === 0)
    throw new ExpectedError('input', 'stdin is empty: it holds no picture.', {
      hint: 'Pipe in a picture: llava ask "What is this?" - < photo.jpg',
    });
  return Buffer.concat(chunks);
}
