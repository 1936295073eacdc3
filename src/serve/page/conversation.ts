import type { PictureSize } from '../../llava/box.js';
import type { PageTurn } from './page-question.js';
import { ServerProblem } from './server-problem.js';

/** A picture, and what was said about it. */
export class Conversation {
  readonly file: File;
  /** A data URL; fails with ServerProblem when the file cannot be read. */
  readonly picture: Promise<string>;
  turns: readonly PageTurn[] = [];
  /** The upright picture's, in pixels, once an answer has told it. */
  size: PictureSize | undefined;

  constructor(file: File) {
    this.file = file;
    this.picture = readDataUrl(file);
    // It is told when a question needs the picture.
    this.picture.catch(() => undefined);
  }
}

async function readDataUrl(file: File): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      resolve(reader.result as string);
    });
    reader.addEventListener('error', () => {
      reject(new ServerProblem(`“${file.name}” cannot be read. Choose it again.`));
    });
    reader.readAsDataURL(file);
  });
}
