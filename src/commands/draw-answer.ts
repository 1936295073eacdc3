import { ExpectedError } from '../llava/expected-error.js';
import type { PictureSource } from '../llava/picture-bytes.js';
import { quote } from '../llava/quote.js';
import type { AnswerRecord } from '../terminal/answer-record.js';
import { writeWholeFile } from '../terminal/write-whole-file.js';

/**
 * Writes the picture with the box of its answer.
 * @throws ExpectedError('engine') when the answer holds no box
 */
export async function drawAnswer(
  source: PictureSource,
  { answer, box }: AnswerRecord,
  exif: boolean,
  path: string,
): Promise<void> {
  if (box === undefined)
    throw new ExpectedError('engine', `The answer ${quote(answer)} is no box: nothing was drawn.`, {
      hint: 'Describe the thing in other words',
    });
  const [{ openPicture }, { decodePicture }, { drawBoxes }] = await Promise.all([
    import('../llava/picture.js'),
    import('../llava/decode-picture.js'),
    import('../llava/draw-boxes.js'),
  ]);
  const picture = await decodePicture(await openPicture(source, { exif }));
  await writeWholeFile(path, await drawBoxes(picture, [{ box, role: 'answer' }]));
}
