import { boxOnPicture, parseBox, type Box } from './box.js';
import { boxInFile, rectangleOf, type Rectangle, type TurnedPicture } from './box-in-file.js';
import { letterOf, type Question } from './response-format.js';

/** What an answer says in its format's own terms, where the text says it clearly. */
export interface AnswerReading {
  readonly letter?: string;
  /** The option that the letter stands for. */
  readonly choice?: string;
  /** Whole pixels of the upright picture. */
  readonly box?: Box;
  /** The same box by its size. */
  readonly rectangle?: Rectangle;
  /** The same box in the file's own pixels, where an EXIF turn made the picture upright. */
  readonly rectangleInFile?: Rectangle;
  readonly unanswerable?: boolean;
}

/** Reads an answer back by the format it was asked in; nothing is guessed from unclear text. */
export function readAnswer(answer: string, question: Question, picture: TurnedPicture): AnswerReading {
  switch (question.format) {
    case 'letter':
      return readLetter(answer, question.choices ?? []);
    case 'box':
      return readBox(answer, picture);
    case 'unanswerable':
      return { unanswerable: /^unanswerable\.?$/i.test(answer.trim()) };
    case 'free':
    case 'short':
    case 'caption':
    case 'detailed':
    case 'region':
      return {};
  }
}

/** `yes` or `no` when that is the answer's first word, else undefined. */
export function readYesOrNo(answer: string): 'yes' | 'no' | undefined {
  const word = /^\W*(yes|no)\b/i.exec(answer)?.[1]?.toLowerCase();
  return word === 'yes' || word === 'no' ? word : undefined;
}

/** Accepts a bare letter and `B.`, as the reference's ScienceQA scorer does. */
function readLetter(answer: string, choices: readonly string[]): AnswerReading {
  const letter = /^([A-Z])(?:$|\. ?)/.exec(answer.trim())?.[1];
  const index = choices.findIndex((_, position) => letterOf(position) === letter);
  const choice = choices[index];
  return letter === undefined || choice === undefined ? {} : { letter, choice };
}

/** A box that lies wholly in the padding, or is thinner than a pixel, shows nothing of the picture. */
function readBox(answer: string, picture: TurnedPicture): AnswerReading {
  const fractions = parseBox(answer);
  if (fractions === undefined || Math.max(...fractions) > 1) return {};
  const box = boxOnPicture(fractions, picture);
  const rectangle = rectangleOf(box);
  if (rectangle.width === 0 || rectangle.height === 0) return {};
  const isTurned = (picture.orientation ?? 1) > 1;
  return { box, rectangle, ...(isTurned ? { rectangleInFile: boxInFile(box, picture) } : {}) };
}
