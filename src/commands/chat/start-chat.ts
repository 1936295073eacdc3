import { Album, type PicturePlace } from '../../chat/album.js';
import { isWebAddress } from '../../chat/dropped-path.js';
import type { ExitCode } from '../../exit-codes.js';
import { findEngine } from '../../remote/find-engine.js';
import { isInteractive } from '../../terminal/io.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import { samplingOf } from '../options/option-groups.js';
import { pictureWishes } from '../options/picture-options.js';
import { chatByLines } from './chat-by-lines.js';
import type { ChatFlags, ChatStart } from './chat-start.js';
import { readPlace } from './read-picture.js';

/** Chats until the user leaves or the input ends. */
export async function chat(
  path: string | undefined,
  flags: ChatFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const part = flags.frame ?? flags.page;
  const picture = path === undefined ? undefined : { ...placeOf(path), part };
  const checkPicture = async () => {
    if (picture?.kind !== 'file') return;
    const { inspectPicture } = await import('../../llava/picture.js');
    await inspectPicture(picture);
  };
  const engine = await findEngine(flags, openingHost(context), checkPicture);
  await checkPicture();
  const start: ChatStart = {
    album: new Album(readPlace, pictureWishes(flags)),
    settings: {
      question: { format: flags.format ?? 'free' },
      systemText: flags.system,
      sampling: samplingOf(flags),
    },
    engine,
    flags,
    picture,
  };
  if (flags.plain === true || !isInteractive(context.io)) return await chatByLines(start, context);
  const { chatOnScreen } = await import('./chat-on-screen.js');
  return await chatOnScreen(start, context);
}

function placeOf(path: string): PicturePlace {
  return isWebAddress(path) ? { kind: 'address', path } : { kind: 'file', path };
}
