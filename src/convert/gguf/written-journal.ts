import { createHash } from 'node:crypto';
import { appendFile, open, readFile, writeFile, type FileHandle } from 'node:fs/promises';

/** A tensor that was written whole. */
interface WrittenTensor {
  readonly tensor: string;
  readonly sha256: string;
}

/** A journal and what stands in it. */
export interface FoundJournal {
  readonly journal: WrittenJournal;
  readonly tensors: readonly WrittenTensor[];
}

/**
 * What a file that is being written has so far: its plan, then a line for each tensor. Beside the file, so that a conversion
 * that was ended goes on after the last tensor that is whole.
 */
export class WrittenJournal {
  readonly #path: string;
  readonly #plan: string;

  private constructor(path: string, plan: string) {
    this.#path = path;
    this.#plan = plan;
  }

  /** Begins anew: nothing is written yet. */
  static async begin(path: string, plan: string): Promise<WrittenJournal> {
    const journal = new WrittenJournal(path, plan);
    await journal.keep([]);
    return journal;
  }

  /** A journal of the same plan and its tensors; undefined when there is none. A last line that was cut off is left out. */
  static async read(path: string, plan: string): Promise<FoundJournal | undefined> {
    const text = await readFile(path, 'utf8').catch(() => '');
    const [first, ...rest] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    if (first !== JSON.stringify({ plan })) return undefined;
    const tensors = rest.slice(0, -1).map((line) => JSON.parse(line) as WrittenTensor);
    const journal = new WrittenJournal(path, plan);
    // Without what was cut off, the next line begins a line.
    await journal.keep(tensors);
    return { journal, tensors };
  }

  /** These and no others. */
  async keep(tensors: readonly WrittenTensor[]): Promise<void> {
    const lines = [{ plan: this.#plan }, ...tensors].map((line) => `${JSON.stringify(line)}\n`);
    await writeFile(this.#path, lines.join(''));
  }

  async add(tensor: string, sha256: string): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify({ tensor, sha256 } satisfies WrittenTensor)}\n`);
  }
}

const READ_BYTES = 1 << 22;

/** The SHA-256 of a part of a file, in hexadecimal digits; of what there is, where it is shorter. */
export async function hashPart(
  path: string,
  start: number,
  bytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  await using handle: FileHandle = await open(path);
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes));
  for (let done = 0; done < bytes;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - done), start + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}
