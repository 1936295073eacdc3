import { open, readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { naturalOrder } from '../../files/natural-order.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';
import { sniffFormat } from '../../llava/sniff-format.js';

/** The pictures of a folder, and what else is there. */
export interface ListedFolder {
  /** In natural order: `2.png` before `10.png`. Bytes where the name is no UTF-8. */
  readonly paths: readonly (string | Buffer)[];
  /** Files that are no pictures. */
  readonly others: number;
  /** Files and folders whose names begin with a point. */
  readonly hidden: number;
  /** Folders that were not entered. */
  readonly folders: number;
}

/** As far as any format's signature reaches. */
const HEAD_BYTES = 4096;

/**
 * All pictures in a folder, told by their content; hidden ones are left out, links to folders are not followed.
 * @throws ExpectedError('input') when a folder cannot be read
 */
export async function listPictures(folder: string, isRecursive: boolean): Promise<ListedFolder> {
  const paths: (string | Buffer)[] = [];
  const left = { others: 0, hidden: 0, folders: 0 };
  const waiting = [Buffer.from(folder)];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    for (const entry of await entriesOf(here)) {
      const path = Buffer.concat([
        here,
        Buffer.from(here.at(-1) === sep.charCodeAt(0) ? '' : sep),
        entry.name,
      ]);
      if (entry.name.toString('latin1').startsWith('.')) left.hidden++;
      else if (entry.isDirectory()) {
        if (isRecursive) waiting.push(path);
        else left.folders++;
      } else if (await isPicture(path)) paths.push(asText(path) ?? path);
      else left.others++;
    }
  }
  const compare = naturalOrder();
  paths.sort((a, b) => compare(a.toString(), b.toString()));
  return { paths, ...left };
}

async function entriesOf(folder: Buffer) {
  return await readdir(folder, { encoding: 'buffer', withFileTypes: true }).catch((error: unknown) => {
    throw new ExpectedError(
      'input',
      `The folder ${quote(folder.toString())} cannot be read: ${fileProblem(error)}.`,
      {
        hint: 'Make it readable for your user, or name its pictures',
        cause: error,
      },
    );
  });
}

/** Pipes and devices are none: opening them may wait for ever. */
async function isPicture(path: Buffer): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    await using handle = await open(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return sniffFormat(buffer.subarray(0, bytesRead)).kind === 'decodable';
  } catch {
    // Its turn comes, and then it says what is wrong.
    return true;
  }
}

/** The name as text; undefined where that would be another name. */
function asText(name: Buffer): string | undefined {
  const text = name.toString();
  return Buffer.from(text).equals(name) ? text : undefined;
}

/** What was left out of a folder, as a sentence; undefined for nothing. */
export function describeSkipped(
  folder: string,
  { others, hidden, folders }: ListedFolder,
): string | undefined {
  const told = [
    count(others, 'other file'),
    count(hidden, 'hidden one'),
    folders === 0 ? undefined : `${count(folders, 'folder') ?? ''} (--recursive enters them)`,
  ].filter((part) => part !== undefined);
  return told.length === 0 ? undefined : `Left out in ${quote(folder)}: ${told.join(', ')}.`;
}

function count(number: number, what: string): string | undefined {
  return number === 0 ? undefined : `${number} ${what}${number === 1 ? '' : 's'}`;
}

/**
 * The files that a pattern with `*` and `?` names, in natural order, for shells that leave patterns to programs. Hidden
 * ones are left out.
 */
export async function expandPattern(pattern: string): Promise<readonly string[]> {
  const [first = '', ...segments] = pattern.split(sep === '/' ? '/' : /[\\/]/);
  let found = [first];
  if (/[*?]/.test(first)) found = await matching('.', first, '');
  for (const segment of segments) {
    const next: string[] = [];
    for (const folder of found) {
      if (/[*?]/.test(segment))
        next.push(...(await matching(folder === '' ? sep : folder, segment, folder + sep)));
      else next.push(folder === '' ? sep + segment : join(folder, segment));
    }
    found = next;
  }
  return found.sort(naturalOrder());
}

async function matching(folder: string, segment: string, before: string): Promise<string[]> {
  const escaped = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${escaped}$`, process.platform === 'win32' ? 'iu' : 'u');
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith('.') && expression.test(name)).map((name) => before + name);
}
