import { stat } from 'node:fs/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { isRange } from '../llava/picture-part.js';
import { isWebAddress, readPaths } from './dropped-path.js';
import type { ChatHost } from './chat-host.js';
import type { ChatSession } from './chat-session.js';
import { countTurns } from './chat-turn.js';
import { readPictureLine, type PictureNames } from './picture-words.js';

/** Rows of a list of pictures, more of which would fill the screen. */
const MOST_ROWS = 40;

/** Does what stands behind `/image`: names of pictures, the number of one, or nothing, which lists them. */
export async function lookAtLine(
  session: ChatSession,
  host: ChatHost,
  line: string,
  signal: AbortSignal,
): Promise<void> {
  if (line === '') {
    listPictures(session);
    return;
  }
  const { options, text, words } = readPictureLine(line);
  const { parts, ...others } = options;
  const isNumber = /^\d+$/.test(text) && Object.keys(others).length === 0;
  const numbered = isNumber ? session.album.entries[Number(text) - 1] : undefined;
  if (numbered !== undefined && (parts === undefined || !isRange(parts))) {
    const { place } = numbered;
    await session.look(parts === undefined ? place : { ...place, part: parts }, signal);
    return;
  }
  await lookAtNamed(session, host, { ...options, words: await settleWords(text, words) }, signal);
}

/** Looks at the first picture of those that are named; the others are in the list from here on. */
export async function lookAtNamed(
  session: ChatSession,
  host: ChatHost,
  names: PictureNames,
  signal: AbortSignal,
): Promise<void> {
  const places = await host.namePictures(names, signal);
  const [first] = places;
  if (first === undefined)
    throw new ExpectedError('usage', 'No picture was named.', { hint: '/image street.jpg' });
  if (places.length > 1) {
    session.album.add(places);
    session.view.note(describeSeveral(places.length));
  }
  await session.look(first, signal);
}

/** When several pictures are named at once. */
export function describeSeveral(pictures: number): string {
  return `${pictures} pictures; the chat goes on with the first. /image lists them, /image and a number switches.`;
}

function listPictures(session: ChatSession): void {
  const { entries, current } = session.album;
  if (entries.length === 0) session.needPicture();
  const here = entries.findIndex(({ seen }) => seen !== undefined && seen.id === current?.id);
  const start = Math.max(0, Math.min(here - MOST_ROWS / 2, entries.length - MOST_ROWS));
  const rows = entries.slice(start, start + MOST_ROWS).map(({ label, seen }, index) => {
    const number = start + index;
    const about =
      seen === undefined
        ? 'not looked at yet'
        : `${seen.info.width}×${seen.info.height}  ${countTurns(seen.turns.length)}`;
    return `${number === here ? '*' : ' '} ${number + 1}  ${label}  ${about}`;
  });
  const left = entries.length - rows.length;
  session.view.note([...rows, ...(left > 0 ? [`  … and ${left} more`] : [])].join('\n'));
}

/** One name with blanks in it, if there is such a file or no word is one by itself; else a name for each word. */
async function settleWords(text: string, words: readonly string[]): Promise<readonly string[]> {
  if (words.length === 0) return [];
  const whole = await pathThatIsThere(text);
  if (whole !== undefined || words.length === 1) return [whole ?? readName(text)];
  const named = await Promise.all(
    words.map(async (word) => ({ word, path: isWebAddress(word) ? word : await pathThatIsThere(word) })),
  );
  if (named.every(({ word, path }) => path === undefined && !/[*?]/.test(word))) return [readName(text)];
  return named.map(({ word, path }) => path ?? readName(word));
}

/** The likeliest reading of a word that names nothing which is there. */
function readName(word: string): string {
  return isWebAddress(word) ? word : (readPaths(word)[0] ?? word);
}

async function pathThatIsThere(text: string): Promise<string | undefined> {
  for (const path of readPaths(text)) {
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined) return path;
  }
  return undefined;
}
