import { readdir } from 'node:fs/promises';
import { CHAT_COMMANDS, parseLine, wordsFor } from './commands.js';
import { readPaths } from './dropped-path.js';
import { PICTURE_OPTIONS } from './picture-words.js';

/** What may stand in the text from `start` on. */
export interface Completions {
  readonly start: number;
  readonly candidates: readonly string[];
}

const NONE: Completions = { start: 0, candidates: [] };
/** More than that help nobody. */
const MOST = 100;

/**
 * Completes a command's name, a word behind it, or a path.
 * @param text what stands before the cursor
 */
export async function completeText(text: string, models: readonly string[]): Promise<Completions> {
  const [, slash] = /^\/([a-z]*)$/i.exec(text) ?? [];
  if (slash !== undefined) {
    const names = Object.keys(CHAT_COMMANDS).filter((name) => name.startsWith(slash.toLowerCase()));
    if (names.length > 0) return { start: 0, candidates: names.map((name) => `/${name}`) };
  }
  const parsed = parseLine(text);
  if (parsed.kind !== 'command') return /^[~./]|^[a-z]:\\/i.test(text) ? await completePath(text, 0) : NONE;
  const start = text.length - text.replace(/^\s*\S+\s+/, '').length;
  const { argument } = CHAT_COMMANDS[parsed.name];
  if (argument === 'picture') return await completePictures(text, start);
  if (argument === 'file') return await completePath(text.slice(start), start);
  const words = wordsFor(argument, models).filter((word) => word.startsWith(text.slice(start)));
  return { start, candidates: words };
}

/** An option, or a path: all that stands there, or its last word. */
async function completePictures(text: string, start: number): Promise<Completions> {
  const last = Math.max(start, text.lastIndexOf(' ') + 1);
  const word = text.slice(last);
  if (word.startsWith('--'))
    return { start: last, candidates: PICTURE_OPTIONS.filter((option) => option.startsWith(word)) };
  const whole = await completePath(text.slice(start), start);
  return whole.candidates.length > 0 || last === start ? whole : await completePath(word, last);
}

/** Names in a folder that begin so. The folder stays as it was typed; a name with blanks is escaped or stays in its quotes. */
async function completePath(typed: string, offset: number): Promise<Completions> {
  const quote = /^["']/.exec(typed)?.[0] ?? '';
  const body = typed.slice(quote.length);
  const cut = Math.max(body.lastIndexOf('/'), process.platform === 'win32' ? body.lastIndexOf('\\') : -1) + 1;
  const [folderTyped, beginning] = [body.slice(0, cut), body.slice(cut)];
  const asPath = (text: string) =>
    quote === '' ? (readPaths(text)[0] ?? text) : (readPaths(`${quote}${text}${quote}`)[0] ?? text);
  const wanted = beginning === '' ? '' : asPath(beginning);
  const folder = folderTyped === '' ? '.' : asPath(folderTyped);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter(({ name }) => name.startsWith(wanted) && (wanted !== '' || !name.startsWith('.')))
    // A name with control characters cannot be typed.
    .filter(({ name }) => !/\p{Cc}/u.test(name))
    .map(
      (entry) => `${quote === '' ? escapeName(entry.name) : entry.name}${entry.isDirectory() ? '/' : quote}`,
    )
    .toSorted()
    .slice(0, MOST);
  const start = offset + quote.length + cut;
  return { start, candidates: names };
}

function escapeName(name: string): string {
  return process.platform === 'win32' ? name : name.replace(/[\s\\'"]/g, '\\$&');
}
