import { readFile, stat } from 'node:fs/promises';
import { fromFileAddress, isWebAddress } from '../../chat/dropped-path.js';
import { ExpectedError } from '../../llava/expected-error.js';
import {
  MAX_PICTURE_BYTES,
  pictureLabel,
  readPictureBytes,
  type PictureSource,
} from '../../llava/picture-bytes.js';
import { quote } from '../../llava/quote.js';
import { warn } from '../../terminal/report-error.js';
import type { CommandContext } from '../command-context.js';
import { fetchNamed, type NamedPictures } from './fetch-named.js';
import { describeSkipped, expandPattern, listPictures } from './list-pictures.js';
import type { FetchFlags } from './option-groups.js';

/** Ways to name pictures beside their paths. */
export interface NamingFlags extends FetchFlags {
  /** Folders are entered to the bottom. */
  readonly recursive?: boolean;
  /** A file of names, or `-` for stdin. */
  readonly filesFrom?: string;
  /** Names in that file end with null characters, not with lines. */
  readonly null?: boolean;
  /** The picture on the clipboard as well. */
  readonly clipboard?: boolean;
}

/**
 * Words of the command line → sources of pictures: files, folders, patterns that the shell left, `file://` and web
 * addresses, `-`. What can be read once only is read here, and so is a picture that is the only one: a file that is
 * missing or no file is found before anything else begins.
 * @throws ExpectedError('input') for that one, for folders that cannot be read or hold no pictures, and for no pictures
 */
export async function pictureSources(
  words: readonly string[],
  flags: NamingFlags,
  context: CommandContext,
): Promise<NamedPictures> {
  const found = await findNamed(words, flags, context);
  if (found.length === 0)
    throw new ExpectedError('input', 'No picture was named.', {
      hint: 'llava ask "What is it?" street.jpg, or a folder, --files-from FILE or --clipboard',
    });
  const isOnlyOne = found.length === 1;
  const { sources, failures } = await fetchNamed(found, flags, context);
  const [first] = sources;
  if (!isOnlyOne || first?.kind !== 'file') return { sources, failures };
  const bytes = await readPictureBytes(first, MAX_PICTURE_BYTES);
  return { sources: [{ kind: 'bytes', label: first.path, bytes }], failures };
}

/** All that is named: sources, and addresses that nothing was fetched from yet. @throws as {@link pictureSources} */
export async function findNamed(
  words: readonly string[],
  flags: NamingFlags,
  context: CommandContext,
): Promise<readonly (PictureSource | string)[]> {
  const named = [...words, ...(await namesFrom(flags, context))];
  const found: (PictureSource | string)[] = [];
  for (const word of named) found.push(...(await sourcesOf(word, flags, context)));
  if (flags.clipboard === true) found.push(await fromClipboard(context));
  return found;
}

/** What a word names: sources, or the addresses of some on the web. */
async function sourcesOf(
  word: string,
  { recursive }: NamingFlags,
  { io }: CommandContext,
): Promise<readonly (PictureSource | string)[]> {
  if (word === '')
    throw new ExpectedError('input', 'The path of a picture is empty: "".', { hint: 'Name a file' });
  if (word === '-') {
    const { readStdin } = await import('../../terminal/read-stdin.js');
    return [{ kind: 'bytes', label: 'stdin', bytes: await readStdin(io, MAX_PICTURE_BYTES) }];
  }
  if (isWebAddress(word)) return [word];
  const path = fromFileAddress(word) ?? word;
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) {
    const listed = await listPictures(path, recursive === true);
    const skipped = describeSkipped(path, listed);
    if (skipped !== undefined) warn(io, skipped);
    if (listed.paths.length > 0) return await Promise.all(listed.paths.map(sourceOfName));
    throw new ExpectedError('input', `The folder ${quote(path)} holds no pictures.`, {
      hint: listed.folders > 0 ? '--recursive looks into its folders' : 'Name another folder, or a picture',
    });
  }
  if (stats === undefined && /[*?]/.test(path)) {
    const paths = await expandPattern(path);
    if (paths.length > 0) return paths.map((one) => ({ kind: 'file', path: one }));
  }
  const raw = stats === undefined && path.includes('\ufffd') ? await rawArgument(path) : undefined;
  return [raw === undefined ? { kind: 'file', path } : await sourceOfName(raw)];
}

/**
 * The pictures that a word names, by their names alone.
 * @returns paths and addresses; `isExact` unless the name is no UTF-8
 * @throws as {@link pictureSources}
 */
export async function namePictures(
  word: string,
  flags: NamingFlags,
  context: CommandContext,
): Promise<readonly { readonly image: string; readonly isExact: boolean }[]> {
  const sources = await sourcesOf(word, flags, context);
  return sources.map((source) =>
    typeof source === 'string'
      ? { image: source, isExact: true }
      : { image: pictureLabel(source), isExact: source.kind === 'file' },
  );
}

/** Names that are no UTF-8 exist as bytes only, and are read at once. */
async function sourceOfName(name: string | Buffer): Promise<PictureSource> {
  if (typeof name === 'string') return { kind: 'file', path: name };
  return { kind: 'bytes', label: name.toString(), bytes: await readFile(name) };
}

/** The argument of this process that Node has read as `text`, as Linux keeps it; undefined elsewhere. */
async function rawArgument(text: string): Promise<Buffer | undefined> {
  if (process.platform !== 'linux') return undefined;
  const line = await readFile('/proc/self/cmdline').catch(() => Buffer.alloc(0));
  for (let start = 0; start < line.length;) {
    const end = line.indexOf(0, start);
    const argument = line.subarray(start, end === -1 ? line.length : end);
    if (argument.toString() === text) return (await stat(argument).catch(() => undefined)) && argument;
    start += argument.length + 1;
  }
  return undefined;
}

async function namesFrom(
  { filesFrom, ...flags }: NamingFlags,
  { io }: CommandContext,
): Promise<readonly string[]> {
  if (filesFrom === undefined) return [];
  const { readTextFile } = await import('../../files/read-text-file.js');
  const { readStdin } = await import('../../terminal/read-stdin.js');
  const text =
    filesFrom === '-'
      ? (await readStdin(io, MAX_PICTURE_BYTES)).toString()
      : readTextFile('The list of pictures', filesFrom, 'Name a file with a picture on each line');
  return text.split(flags.null === true ? '\0' : /\r?\n/).filter((name) => name !== '');
}

async function fromClipboard({ io, signal }: CommandContext): Promise<PictureSource> {
  const { pictureTools, readClipboardPicture } = await import('../../chat/clipboard.js');
  const bytes = await readClipboardPicture(pictureTools(process.platform, io.env), signal);
  return { kind: 'bytes', label: 'clipboard', bytes };
}
