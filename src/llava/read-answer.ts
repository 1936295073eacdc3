import { boxOnPicture, parseBox, type Box, type PictureSize } from './box.js';
import { letterOf, type Question } from './response-format.js';

/** What an answer says in its format's own terms, where the text says it clearly. */
export interface AnswerReading {
  readonly letter?: string;
  /** The option that the letter stands for. */
  readonly choice?: string;
  /** Whole pixels of the upright picture. */
  readonly box?: Box;
  readonly unanswerable?: boolean;
}

/** Reads an answer back by the format it was asked in; nothing is guessed from unclear text. */
export function readAnswer(answer: string, question: Question, picture: PictureSize): AnswerReading {
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

function readBox(answer: string, picture: PictureSize): AnswerReading {
  const box = parseBox(answer);
  return box === undefined || Math.max(...box) > 1 ? {} : { box: boxOnPicture(box, picture) };
}
