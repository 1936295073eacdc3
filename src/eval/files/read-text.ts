import { createReadStream } from 'node:fs';
import { fileError } from './file-error.js';

/** A line without its line break, and its number from 1. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a UTF-8 file that are not blank, without holding more than a piece of it.
 * @throws ExpectedError('input') when it cannot be read or is not UTF-8
 */
export async function* readTextLines(path: string): AsyncGenerator<TextLine> {
  for await (const lines of readTextLineGroups(path)) yield* lines;
}

/** The same, as many at a time as come from the disk at once: waiting for each line alone takes longer than its work. */
export async function* readTextLineGroups(path: string): AsyncGenerator<readonly TextLine[]> {
  let number = 0;
  let rest = '';
  for await (const piece of readText(path)) {
    const texts = (rest + piece).split('\n');
    rest = texts.pop() ?? '';
    const first = number + 1;
    number += texts.length;
    yield texts.map((text, index) => ({ number: first + index, text })).filter(isFilled);
  }
  yield [{ number: number + 1, text: rest }].filter(isFilled);
}

function isFilled({ text }: TextLine): boolean {
  return text.trim() !== '';
}

/** The text of a file in pieces, without a byte order mark. @throws ExpectedError('input') as `readTextLines` */
export async function* readText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    const stream = createReadStream(path, { highWaterMark: 1 << 20 });
    for await (const bytes of stream as AsyncIterable<Buffer>) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw fileError(path, error);
  }
}
