import { ExpectedError } from '../../llava/expected-error.js';
import type { PictureSource } from '../../llava/picture-bytes.js';
import { quote } from '../../llava/quote.js';
import type { DrawnBox } from '../../llava/draw-boxes.js';
import { placeRegion } from '../../llava/region.js';
import type { AnswerRecord } from '../../answer/answer-record.js';
import { writeWholeFile } from '../../files/write-whole-file.js';
import type { AskRequest } from './ask-request.js';

/**
 * Writes the picture as the model saw it, with the box of its answer and the region that was asked about.
 * @throws ExpectedError('engine') when a box was asked for and the answer holds none
 */
export async function drawAnswer(
  source: PictureSource,
  { answer, box }: AnswerRecord,
  { asking: { question, marks }, wishes }: Pick<AskRequest, 'asking' | 'wishes'>,
  path: string,
): Promise<void> {
  if (box === undefined && question.format === 'box')
    throw new ExpectedError('engine', `The answer ${quote(answer)} is not a box, so nothing was drawn.`, {
      hint: 'Describe the thing in other words',
    });
  const [{ openPicture }, { decodePicture }, { drawBoxes }, { drawMarks }] = await Promise.all([
    import('../../llava/picture.js'),
    import('../../llava/decode-picture.js'),
    import('../../llava/draw-boxes.js'),
    import('../../llava/draw-marks.js'),
  ]);
  const picture = await drawMarks(await decodePicture(await openPicture(source, wishes)), marks);
  const { region } = question;
  const boxes: readonly DrawnBox[] = [
    ...(region === undefined ? [] : [{ box: placeRegion(region, picture.info), role: 'given' as const }]),
    ...(box === undefined ? [] : [{ box, role: 'answer' as const }]),
  ];
  await writeWholeFile(path, await drawBoxes(picture, boxes));
}
