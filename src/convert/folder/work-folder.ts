import { mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { codeOf, writeProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';

/** What stands in `finished.json`: from here on only names are left to change. */
interface Finished {
  readonly origin: string;
  readonly files: readonly string[];
}

/**
 * Where the files of a conversion grow: a folder in the folder that they are for, which other programs do not look into. What
 * it holds outlives a conversion that was ended, so that the next one goes on; one process at a time works in it.
 */
export class WorkFolder implements AsyncDisposable {
  readonly path: string;
  readonly #target: string;
  readonly #owner: string;
  #madeTarget = false;

  private constructor(target: string) {
    this.#target = target;
    this.path = join(target, '.convert');
    this.#owner = join(this.path, 'owner');
  }

  /** @throws ExpectedError('input') when the folder cannot be made, or another process works in it */
  static async open(target: string): Promise<WorkFolder> {
    const folder = new WorkFolder(target);
    try {
      const made = await mkdir(folder.path, { recursive: true });
      folder.#madeTarget = made !== undefined && made !== folder.path;
    } catch (error) {
      throw new ExpectedError(
        'input',
        `The folder ${quote(target)} cannot be made: ${writeProblem(error)}.`,
        {
          hint: 'Name a folder that you can write to with -o',
          cause: error,
        },
      );
    }
    const owner = Number(await readFile(folder.#owner, 'utf8').catch(() => '0'));
    if (owner !== process.pid && isAlive(owner))
      throw new ExpectedError(
        'input',
        `Another llava convert (process ${owner}) writes into ${quote(target)}.`,
        {
          hint: 'Wait for it, or name another folder with -o',
        },
      );
    await writeFile(folder.#owner, String(process.pid));
    return folder;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Bytes that a file, or its beginning, already takes. */
  async bytesOf(name: string): Promise<number> {
    const sizes = [this.file(name), `${this.file(name)}.part`].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return Math.max(...(await Promise.all(sizes)));
  }

  /** Whether an earlier conversion of the same had only names left to change. */
  async isFinished(origin: string): Promise<boolean> {
    return (await this.#readFinished())?.origin === origin;
  }

  /** Moves files into the folder, and leaves nothing else behind. Ended half-way, it goes on when called again. */
  async finish(origin: string, files: readonly string[]): Promise<void> {
    const finished = await this.#readFinished();
    const done = finished?.origin === origin ? finished.files : files;
    const list = this.file('finished.json');
    await writeFile(`${list}.part`, JSON.stringify({ origin, files: done } satisfies Finished), {
      flush: true,
    });
    await rename(`${list}.part`, list);
    for (const name of done)
      if (await exists(this.file(name))) await rename(this.file(name), join(this.#target, name));
    // The list goes last: without it, what is left would be taken for a conversion that was begun.
    for (const name of await readdir(this.path))
      if (this.file(name) !== list) await rm(this.file(name), { recursive: true });
    await rm(this.path, { recursive: true, force: true });
  }

  async #readFinished(): Promise<Finished | undefined> {
    const text = await readFile(this.file('finished.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Finished);
  }

  /** Folders that hold nothing are not left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#owner, { force: true });
    await rmdir(this.path).catch(() => undefined);
    if (this.#madeTarget) await rmdir(this.#target).catch(() => undefined);
  }
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
