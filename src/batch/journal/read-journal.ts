import { open, type FileHandle } from 'node:fs/promises';
import { parseEntry, parseHeader, type JournalHeader } from './journal-entry.js';
import { KeyTable } from './key-table.js';

/** What a journal's file holds. */
export interface FoundJournal {
  readonly header: JournalHeader;
  readonly offsets: KeyTable;
  /** End of the last whole line; 0 for a new journal. */
  readonly size: number;
}

/** Opens the file, or makes an empty one. */
export async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return await open(path, 'wx+');
    throw error;
  }
}

/**
 * Where each key's last entry starts. A torn last line is cut off; other lines that are no entries are passed over.
 * @param fresh the header of a journal that is empty
 * @param forgetErrors leave failures out
 * @throws ExpectedError('input') when the file is no journal
 */
export async function readJournal(
  file: FileHandle,
  path: string,
  fresh: JournalHeader,
  forgetErrors: boolean,
): Promise<FoundJournal> {
  const offsets = new KeyTable();
  let header: JournalHeader | undefined;
  let size = 0;
  for await (const line of scanLines(file)) {
    size = line.end;
    if (header === undefined) header = parseHeader(line.text, path);
    else note(line.text, line.start);
  }
  if (header === undefined) size = 0;
  await file.truncate(size);
  return { header: header ?? fresh, offsets, size };

  function note(text: string, start: number): void {
    const entry = parseEntry(text);
    if (entry === undefined) return;
    if (forgetErrors && 'error' in entry) offsets.forget(entry.key);
    else offsets.set(entry.key, start);
  }
}

/** A new name is on the disk only when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing, and needs none.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** A whole line of a file, with where it starts and where the next one does, in bytes. */
interface ScannedLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const CHUNK = 1 << 20;

/** The lines of a file that end in a line break; what follows the last one is left out. */
async function* scanLines(file: FileHandle): AsyncGenerator<ScannedLine> {
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
