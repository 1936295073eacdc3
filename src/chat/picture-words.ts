import { ExpectedError } from '../llava/expected-error.js';
import { parsePartChoice, type PartChoice } from '../llava/picture-part.js';
import { quote } from '../llava/quote.js';
import { readPaths } from './dropped-path.js';

/** Pictures as somebody names them, in the words of the command line. */
export interface PictureNames {
  /** Paths, folders, patterns and addresses. */
  readonly words: readonly string[];
  /** Folders are entered to the bottom. */
  readonly recursive?: boolean;
  /** A file of names. */
  readonly filesFrom?: string;
  /** Names in that file end with null characters, not with lines. */
  readonly null?: boolean;
  /** The picture on the clipboard as well. */
  readonly clipboard?: boolean;
  /** All of them on one sheet, numbered. */
  readonly tile?: boolean;
  /** Frames or pages of each. */
  readonly parts?: PartChoice | undefined;
}

/** What stands behind `/image`: options, and the text that is left without them. */
export interface PictureLine {
  readonly options: Omit<PictureNames, 'words'>;
  /** As it was typed: quotes and backslashes stay. */
  readonly text: string;
  /** The same in words. */
  readonly words: readonly string[];
}

const SWITCHES = {
  '--recursive': 'recursive',
  '--null': 'null',
  '-0': 'null',
  '--clipboard': 'clipboard',
  '--tile': 'tile',
} as const;
const VALUES = ['--page', '--frame', '--files-from'] as const;

/** Options that `/image` takes, for completion. */
export const PICTURE_OPTIONS: readonly string[] = [...VALUES, ...Object.keys(SWITCHES)].filter((option) =>
  option.startsWith('--'),
);

/** A word with its quotes and backslashes; on Windows, backslashes part folders. */
const WORD = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s\\])+|\\/gsu;
const WINDOWS_WORD = /(?:"[^"]*"|'[^']*'|\S)+/gsu;

/**
 * Parts options from names. What begins with `--` is an option until `--` alone.
 * @throws ExpectedError('usage') for an option that is none, or has no value
 */
export function readPictureLine(line: string, isWindows = process.platform === 'win32'): PictureLine {
  const options: Record<string, unknown> = {};
  const words: string[] = [];
  let text = '';
  let end = 0;
  let areOptionsOver = false;
  const tokens = [...line.matchAll(isWindows ? WINDOWS_WORD : WORD)];
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    const { 0: word, index } = token;
    if (areOptionsOver || !/^--|^-0$/.test(word)) {
      words.push(word);
      text += line.slice(end, index + word.length);
    } else if (word === '--') areOptionsOver = true;
    else if (isSwitch(word)) options[SWITCHES[word]] = true;
    else {
      const [name = '', ...given] = word.split('=');
      if (!isValued(name)) throw noOption(word);
      const value = given.length > 0 ? given.join('=') : tokens[0]?.[0];
      if (given.length === 0) {
        const [next] = tokens;
        if (next !== undefined) end = next.index + next[0].length;
        tokens.shift();
      }
      if (value === undefined || value === '') throw noValue(name);
      Object.assign(options, readValue(name, value));
    }
    end = Math.max(end, index + word.length);
  }
  return { options, text: text.trim(), words };
}

function readValue(name: (typeof VALUES)[number], value: string): Omit<PictureNames, 'words'> {
  if (name === '--files-from') return { filesFrom: readPaths(value)[0] ?? value };
  return { parts: parsePartChoice(name === '--frame' ? 'frame' : 'page', value) };
}

function isSwitch(word: string): word is keyof typeof SWITCHES {
  return Object.hasOwn(SWITCHES, word);
}

function isValued(name: string): name is (typeof VALUES)[number] {
  return VALUES.some((known) => known === name);
}

function noOption(word: string): ExpectedError {
  return new ExpectedError('usage', `${quote(word)} is no option of /image.`, {
    hint: `It takes ${PICTURE_OPTIONS.join(', ')}; put -- before names that begin with --`,
  });
}

function noValue(name: string): ExpectedError {
  const example = name === '--files-from' ? 'pictures.txt' : '3';
  return new ExpectedError('usage', `"${name}" has no value.`, { hint: `/image … ${name} ${example}` });
}
