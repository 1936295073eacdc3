import type { RowError } from './row-error.js';

/** A line that is not blank, or why it cannot be read; `number` counts blank ones too, from 1. */
export interface InputLine {
  readonly number: number;
  /** Without the line break. */
  readonly bytes: number;
  readonly text: string | RowError;
}

/** 64 MiB: room for a data URL of a large photo. */
export const MAX_LINE_BYTES = 64 * 2 ** 20;

const LINE_FEED = 0x0a;

/**
 * Cuts a stream of UTF-8 into lines. Byte order marks, CR before LF and a missing last line break do no harm.
 * A line beyond `maxBytes` is passed over without holding it.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = MAX_LINE_BYTES,
): AsyncGenerator<InputLine, undefined> {
  let number = 0;
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const add = (piece: Uint8Array) => {
    bytes += piece.length;
    if (bytes > maxBytes) pieces = [];
    else if (piece.length > 0) pieces.push(piece);
  };
  const take = (): InputLine | undefined => {
    number++;
    const line = { number, bytes, text: bytes > maxBytes ? tooLong(maxBytes) : decode(pieces) };
    pieces = [];
    bytes = 0;
    return typeof line.text === 'string' && line.text.trim() === '' ? undefined : line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line !== undefined) yield line;
    }
    add(chunk.subarray(start));
  }
  const last = bytes > 0 ? take() : undefined;
  if (last !== undefined) yield last;
  return undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(pieces: readonly Uint8Array[]): string | RowError {
  try {
    const [only] = pieces;
    return utf8.decode(pieces.length === 1 ? only : Buffer.concat(pieces));
  } catch {
    return { code: 'bad_encoding', message: 'The line is not UTF-8. Save the file as UTF-8.' };
  }
}

function tooLong(maxBytes: number): RowError {
  const limit = maxBytes / 2 ** 20;
  return { code: 'line_too_long', message: `The line is longer than ${limit} MiB. Name a file instead.` };
}
