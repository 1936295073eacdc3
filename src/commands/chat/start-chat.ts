import { Album } from '../../chat/album.js';
import type { ExitCode } from '../../exit-codes.js';
import { findEngine } from '../../remote/find-engine.js';
import { isInteractive } from '../../terminal/io.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import { samplingOf } from '../options/option-groups.js';
import { pictureWishes } from '../options/picture-options.js';
import { chatByLines } from './chat-by-lines.js';
import { namePlaces } from './name-places.js';
import type { ChatFlags, ChatStart } from './chat-start.js';
import { readPlace } from './read-picture.js';

/** Chats until the user leaves or the input ends. */
export async function chat(
  words: readonly string[],
  flags: ChatFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const wishes = pictureWishes(flags);
  const names = { ...flags, words, parts: flags.frame ?? flags.page };
  const pictures = await namePlaces(names, wishes, context, context.signal);
  const [first] = pictures;
  const checkPicture = async () => {
    if (first === undefined || first.kind === 'address') return;
    const { inspectPicture } = await import('../../llava/picture.js');
    await inspectPicture(first);
  };
  const engine = await findEngine(flags, openingHost(context), checkPicture);
  await checkPicture();
  const start: ChatStart = {
    album: new Album(readPlace, wishes),
    settings: {
      question: { format: flags.format ?? 'free' },
      systemText: flags.system,
      sampling: samplingOf(flags),
    },
    engine,
    flags,
    pictures,
  };
  if (flags.plain === true || !isInteractive(context.io)) return await chatByLines(start, context);
  const { chatOnScreen } = await import('./chat-on-screen.js');
  return await chatOnScreen(start, context);
}
