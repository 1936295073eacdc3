import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { PICTURE_ENDINGS } from '../llava/sniff-format.js';
import type { ChatHost } from './chat-host.js';
import type { ChatSession } from './chat-session.js';
import { parseLine } from './commands.js';
import { isWebAddress, readPaths } from './dropped-path.js';
import { lookAtNamed } from './look-at-pictures.js';
import { runCommand } from './run-command.js';

const PICTURE_NAME = new RegExp(`\\.(?:${PICTURE_ENDINGS.join('|')})["']?\\s*$`, 'i');

/**
 * Does what a line asks: a command, a picture to look at, or a question.
 * @returns whether the chat goes on
 * @throws ExpectedError when it cannot be done; the chat is as it was before
 */
export async function runLine(
  session: ChatSession,
  host: ChatHost,
  line: string,
  signal: AbortSignal,
): Promise<boolean> {
  const parsed = parseLine(line);
  if (parsed.kind === 'command') return await runCommand(session, host, parsed.name, parsed.rest, signal);
  const path = await picturePathIn(line);
  if (path !== undefined) {
    await lookAtNamed(session, host, { words: [path] }, signal);
    return true;
  }
  if (parsed.kind === 'unknown') {
    const hint = parsed.nearest === undefined ? '/help lists them' : `/${parsed.nearest}, or /help for all`;
    throw new ExpectedError('usage', `${quote(`/${parsed.name}`)} is not a command.`, { hint });
  }
  await session.ask(session.questionOf(parsed.text), signal);
  return true;
}

/** The picture that a text names and nothing else: a web address, or the path of a file or folder that is there. */
export async function picturePathIn(text: string): Promise<string | undefined> {
  if (isWebAddress(text)) return text.trim();
  for (const path of readPaths(text)) {
    // A word that happens to be a file's name is a word.
    if (!isAbsolute(path) && !PICTURE_NAME.test(path)) continue;
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() === true || stats?.isDirectory() === true) return path;
  }
  return undefined;
}
