import type { FileHandle } from 'node:fs/promises';

/** A whole line of a file, with where it starts and where the next one does, in bytes. */
export interface ScannedLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const CHUNK = 1 << 20;

/** The lines of a file that end in a line break; what follows the last one is left out. */
export async function* scanLines(file: FileHandle): AsyncGenerator<ScannedLine> {
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, position + rest.length);
    if (bytesRead === 0) return;
    const chunk = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      yield { text: chunk.toString('utf8', start, end), start: position + start, end: position + end + 1 };
      start = end + 1;
    }
    rest = chunk.subarray(start);
    position += start;
  }
}
