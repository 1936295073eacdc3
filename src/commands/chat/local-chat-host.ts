import { open } from 'node:fs/promises';
import type { ChatHost } from '../../chat/chat-host.js';
import { copyText, copyTools } from '../../chat/clipboard.js';
import { MAX_CONVERSATION_BYTES } from '../../chat/conversation-file.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';
import { writeWholeFile } from '../../files/write-whole-file.js';
import type { PictureWishes } from '../../llava/picture.js';
import { modelsHere } from './chat-models.js';
import { namePlaces } from './name-places.js';
import type { CommandContext } from '../command-context.js';

/** The clipboard, the models and the files of this machine. @param wishes how pictures are read */
export function localChatHost(context: CommandContext, wishes: PictureWishes): ChatHost {
  const { env } = context.io;
  return {
    namePictures: (names, signal) => namePlaces(names, wishes, context, signal),
    copy: (text, signal) => copyText(text, copyTools(process.platform, env), signal),
    models: () => modelsHere(context),
    readText,
    write: writeWholeFile,
  };
}

async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > MAX_CONVERSATION_BYTES) throw new Error(`it is ${size} bytes, too large for a chat`);
    return await file.readFile('utf8');
  } catch (error) {
    throw new ExpectedError('input', `${quote(path)} cannot be read: ${fileProblem(error)}.`, {
      hint: 'Name a file that /save wrote',
      cause: error,
    });
  }
}
