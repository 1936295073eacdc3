import { createHash } from 'node:crypto';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { aligned, encodeHeader } from './encode-header.js';
import { bytesOf, type PlannedFile, type PlannedTensor } from './planned-file.js';
import { hashPart, WrittenJournal, type FoundJournal } from './written-journal.js';

export interface WriteOptions {
  /** Tells what the numbers are made of: a file that was begun from something else is begun anew. */
  readonly origin: string;
  readonly signal?: AbortSignal | undefined;
  /** Hears the bytes that are written, and those of the whole file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Bytes of the whole file. */
export function fileBytes(file: PlannedFile): number {
  return encodeHeader(file).length + file.tensors.reduce((sum, tensor) => sum + aligned(bytesOf(tensor)), 0);
}

/**
 * Writes a GGUF file tensor by tensor, under a temporary name until it is whole. Called again after it was ended, it goes on
 * after the last tensor whose bytes are still what was written; a file that is whole is left as it is.
 * @throws the signal's reason on abort, and the system's errors
 */
export async function writeGguf(path: string, file: PlannedFile, options: WriteOptions): Promise<void> {
  const { origin, signal, onProgress } = options;
  const header = encodeHeader(file);
  const plan = createHash('sha256').update(header).update(origin).digest('hex');
  const total = fileBytes(file);
  const [part, journalPath] = [`${path}.part`, `${path}.journal`];
  const found = await WrittenJournal.read(journalPath, plan);
  if (found !== undefined && (await sizeOf(path)) === total) {
    onProgress?.(total, total);
    return;
  }
  const resumed = found && (await resume(part, found, header, file.tensors, signal));
  const journal = resumed?.journal ?? (await WrittenJournal.begin(journalPath, plan));
  {
    await using handle = await open(part, resumed === undefined ? 'w' : 'r+');
    let position = resumed?.position ?? 0;
    if (resumed === undefined) position = await writeAt(handle, header, 0);
    // What comes after the last whole tensor is half of one.
    else await handle.truncate(position);
    for (const tensor of file.tensors.slice(resumed?.count ?? 0)) {
      const start = position;
      const sha256 = await writeTensor(handle, tensor, start, (end) => onProgress?.(end, total), signal);
      position = start + aligned(bytesOf(tensor));
      await journal.add(tensor.name, sha256);
    }
    await handle.truncate(total);
    await handle.sync();
  }
  await rename(part, path);
  onProgress?.(total, total);
}

/** How far the file has come; undefined when it has to be begun. */
async function resume(
  part: string,
  { journal, tensors: written }: FoundJournal,
  header: Uint8Array,
  tensors: readonly PlannedTensor[],
  signal: AbortSignal | undefined,
): Promise<{ journal: WrittenJournal; position: number; count: number } | undefined> {
  if ((await sizeOf(part)) < header.length) return undefined;
  const sha256 = createHash('sha256').update(header).digest('hex');
  if ((await hashPart(part, 0, header.length, signal)) !== sha256) return undefined;
  let position = header.length;
  let count = 0;
  for (const { tensor: name, sha256: hash } of written) {
    const tensor = tensors[count];
    if (tensor?.name !== name) break;
    if ((await hashPart(part, position, bytesOf(tensor), signal)) !== hash) break;
    position += aligned(bytesOf(tensor));
    count++;
  }
  // What is no longer as it was written is written again, and so is all that follows it.
  if (count < written.length) await journal.keep(written.slice(0, count));
  return { journal, position, count };
}

/** The next numbers are made while the last are being written. @returns the SHA-256 of the tensor's bytes */
async function writeTensor(
  handle: FileHandle,
  tensor: PlannedTensor,
  start: number,
  onWritten: (end: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  let position = start;
  let writing: Promise<number> = Promise.resolve(position);
  for await (const chunk of tensor.chunks(signal)) {
    hash.update(chunk);
    onWritten(await writing);
    writing = writeAt(handle, chunk, position);
    // Heard when it is waited for, even where making the next numbers fails first.
    writing.catch(() => undefined);
    position += chunk.length;
  }
  onWritten(await writing);
  if (position - start !== bytesOf(tensor))
    throw new Error(`${tensor.name} became ${position - start} bytes, not ${bytesOf(tensor)}`);
  return hash.digest('hex');
}

/** @returns where the bytes end */
async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
  return position + bytes.length;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}
