import { basename, dirname, extname, join, resolve } from 'node:path';
import { ExpectedError } from '../llava/expected-error.js';
import type { PartUnit, PicturePart } from '../llava/picture-part.js';
import { quote } from '../llava/quote.js';
import type { PicturePlace, SeenPicture } from './album.js';
import type { ChatHost } from './chat-host.js';
import type { ChatSession } from './chat-session.js';
import { countTurns } from './chat-turn.js';
import {
  parseConversation,
  writeConversationJson,
  writeConversationMarkdown,
  type Conversation,
} from './conversation-file.js';
import { isWebAddress } from './dropped-path.js';

/** Saves what was said about the current picture; one from the clipboard is saved beside it. */
export async function saveConversation(session: ChatSession, host: ChatHost, path: string): Promise<void> {
  const seen = session.needPicture();
  const kind = extname(path).toLowerCase();
  if (kind !== '.md' && kind !== '.json')
    throw new ExpectedError('usage', `${quote(path)} does not end in .md or .json.`, {
      hint: '/save chat.md',
    });
  const { systemText } = session.settings;
  const conversation: Conversation = {
    model: session.status.model,
    ...(systemText === undefined ? {} : { system: systemText }),
    picture: { place: await placeOf(seen, path, host), sha256: seen.sha256, ...partOf(seen) },
    turns: seen.turns,
  };
  const write = kind === '.md' ? writeConversationMarkdown : writeConversationJson;
  await host.write(path, Buffer.from(write(conversation)));
  session.view.note(`Saved ${countTurns(seen.turns.length)} to ${path}.`);
}

/** Goes on with a saved conversation: its picture, its system text, its turns. */
export async function loadConversation(
  session: ChatSession,
  host: ChatHost,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { picture, turns, system, model } = parseConversation(await host.readText(path), path);
  const { frame, page } = picture;
  const part = frame === undefined ? partNumber('page', page) : partNumber('frame', frame);
  // A name alone is that of a picture saved beside the conversation.
  const place: PicturePlace = isWebAddress(picture.place)
    ? { kind: 'address', path: picture.place, part }
    : { kind: 'file', path: resolve(dirname(path), picture.place), part };
  const before = session.settings.systemText;
  session.settings.systemText = system;
  const seen = await session.look(place, signal).catch((error: unknown) => {
    session.settings.systemText = before;
    throw error;
  });
  session.setTurns(turns);
  const notes = [
    `Loaded ${countTurns(turns.length)} from ${path}.`,
    ...turns.map(({ question, answer }) => `> ${question.text}\n${answer}`),
    ...(seen.sha256 === picture.sha256
      ? []
      : ['This is not the picture of the saved conversation: its bytes differ.']),
    ...(model === session.status.model
      ? []
      : [`The saved answers are by ${model}; ${session.status.model} continues.`]),
  ];
  session.view.note(notes.join('\n'));
}

function partOf({ info: { frame, page } }: SeenPicture): { frame?: number; page?: number } {
  return { ...(frame === undefined ? {} : { frame }), ...(page === undefined ? {} : { page }) };
}

function partNumber(unit: PartUnit, at: number | undefined): PicturePart | undefined {
  return at === undefined ? undefined : { unit, at };
}

async function placeOf({ place, info }: SeenPicture, path: string, host: ChatHost): Promise<string> {
  if (place.kind !== 'bytes') return place.kind === 'file' ? resolve(place.path) : place.path;
  const name = `${basename(path, extname(path))}.${info.format}`;
  await host.write(join(dirname(path), name), place.bytes);
  return name;
}
