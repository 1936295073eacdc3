import type { PicturePlace } from './album.js';
import type { PictureNames } from './picture-words.js';

/** What commands of the chat need of the world. */
export interface ChatHost {
  /** The pictures that are meant, as `llava ask` finds them. @throws ExpectedError when there are none, or cannot be had */
  namePictures(names: PictureNames, signal: AbortSignal): Promise<readonly PicturePlace[]>;
  /** Puts text on the clipboard; false when nothing here can. */
  copy(text: string, signal: AbortSignal): Promise<boolean>;
  /** Names of the models that are on this machine. */
  models(): Promise<readonly string[]>;
  /** @throws ExpectedError('input') when the file cannot be read, or is too large */
  readText(path: string): Promise<string>;
  /** Writes all or nothing. @throws ExpectedError('input') */
  write(path: string, bytes: Uint8Array): Promise<void>;
}
