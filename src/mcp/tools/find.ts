import * as v from 'valibot';
import type { AnswerRecord } from '../../answer/answer-record.js';
import { readQuestionFields } from '../../answer/question-fields.js';
import { settleQuestion } from '../../answer/question-options.js';
import { quote } from '../../llava/quote.js';
import { answerFields, pickAnswer } from './answer-fields.js';
import { pictureArgument, textArgument } from './arguments.js';
import type { Tool } from './tool.js';

const input = v.strictObject({
  picture: pictureArgument,
  thing: textArgument('What to find, described so that only one thing fits: “the red car on the left”.'),
  draw: v.optional(
    v.pipe(
      v.boolean(),
      v.description('Return the picture with the box drawn on it as well. Default: false.'),
    ),
  ),
});

const rectangle = v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() });

const output = v.object({
  ...answerFields,
  rectangle: v.optional(
    v.pipe(
      rectangle,
      v.description(
        'Left, top, width and height, in pixels of the upright picture. Missing if the answer is no box.',
      ),
    ),
  ),
  rectangleInFile: v.optional(
    v.pipe(
      rectangle,
      v.description('The same in the pixels that the file stores, for a photo that EXIF turned upright.'),
    ),
  ),
});

/** `llava ask --format box THING PICTURE`. */
export const FIND: Tool<v.InferOutput<typeof input>, v.InferOutput<typeof output>> = {
  name: 'find',
  title: 'Find a thing in a picture',
  description:
    'Finds one thing that you describe in one picture, offline, and returns its bounding box in pixels. Works best on ' +
    'things that are large and distinct. It returns a box even if the thing is not there: if you do not know, ask ' +
    'classify first, with the labels yes and no.',
  input,
  output,
  ask: ({ thing }, sampling) => settleQuestion(thing, readQuestionFields({ format: 'box' }), { sampling }),
  tell: (record) => {
    const { rectangle: found, rectangleInFile } = record;
    return {
      text: describePlace(record),
      result: {
        ...pickAnswer(record),
        ...(found === undefined ? {} : { rectangle: found }),
        ...(rectangleInFile === undefined ? {} : { rectangleInFile }),
      },
    };
  },
};

function describePlace({ rectangle: found, answer, width, height }: AnswerRecord): string {
  if (found === undefined)
    return `The answer ${quote(answer)} is not a box. Describe the thing in other words.`;
  const place = `x ${found.x}, y ${found.y}, width ${found.width}, height ${found.height}`;
  return `${place}, in pixels of the picture (${width}×${height}).`;
}
