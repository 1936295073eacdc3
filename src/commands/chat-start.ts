import type { ExitCode } from '../exit-codes.js';
import { Album, type PicturePlace } from '../chat/album.js';
import type { AskSettings } from '../chat/chat-settings.js';
import { isWebAddress } from '../chat/dropped-path.js';
import { isInteractive } from '../terminal/io.js';
import { samplingOf } from './ask-request.js';
import { chatByLines } from './chat-lines.js';
import { readPlace } from './chat-picture.js';
import type { ChatFlags } from './chat.js';
import { chooseWeights, type NamedWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';

/** What either way of chatting begins with. */
export interface ChatStart {
  readonly album: Album;
  readonly settings: AskSettings;
  readonly weights: NamedWeights;
  readonly flags: ChatFlags;
  /** The picture of the command line. */
  readonly picture: PicturePlace | undefined;
}

/** Chats until the user leaves or the input ends. */
export async function chat(
  path: string | undefined,
  flags: ChatFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const picture = path === undefined ? undefined : placeOf(path);
  const checkPicture = async () => {
    if (picture?.kind !== 'file') return;
    const { inspectPicture } = await import('../llava/picture.js');
    await inspectPicture(picture);
  };
  const weights = await chooseWeights(flags, context, checkPicture);
  await checkPicture();
  const start: ChatStart = {
    album: new Album(readPlace, flags.exif),
    settings: {
      format: flags.format ?? 'free',
      choices: undefined,
      labels: undefined,
      systemText: flags.system,
      sampling: samplingOf(flags),
    },
    weights,
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
