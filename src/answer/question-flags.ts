import { NORMALISATIONS, type Normalisation } from '../llava/choosing.js';
import { RESPONSE_FORMATS, type ResponseFormat } from '../llava/response-format.js';

/** The flags of a question, as the command line's parser gives them. */
export interface QuestionFlags {
  readonly format?: ResponseFormat;
  readonly choice?: readonly string[];
  readonly ocr?: string;
  readonly labels?: readonly string[];
  readonly labelsFile?: string;
  readonly yesNo?: boolean;
  readonly unconstrained?: boolean;
  readonly probabilities?: boolean;
  readonly normalise?: Normalisation;
  readonly schema?: string;
  readonly grammar?: string;
  readonly region?: string;
  readonly mark?: readonly string[];
}

/** A flag as help shows it and the parser takes it. */
export interface FlagFacts {
  readonly flags: string;
  readonly about: string;
  /** All values that it takes; default: any. */
  readonly values?: readonly string[];
  /** Given once for each value; or a list between commas. */
  readonly list?: 'repeated' | 'commas';
  /** Names of flags that it cannot stand beside. */
  readonly conflicts?: readonly (keyof QuestionFlags)[];
}

const CHOSEN = ['labels', 'labelsFile', 'yesNo', 'choice'] as const;

/** In the order of the help. */
export const QUESTION_FLAGS: readonly FlagFacts[] = [
  {
    flags: '-f, --format <format>',
    about: 'the kind of answer',
    values: Object.keys(RESPONSE_FORMATS),
  },
  {
    flags: '--choice <text>',
    about: 'one option of a multiple-choice question; repeatable',
    list: 'repeated',
  },
  { flags: '--ocr <words>', about: 'words in the picture, separated by commas, as a hint' },
  {
    flags: '--labels <labels>',
    about: 'answer with one of these labels, separated by commas',
    list: 'commas',
  },
  { flags: '--labels-file <file>', about: 'the same, one label per line', conflicts: ['labels'] },
  {
    flags: '--yes-no',
    about: 'answer yes or no, with its probability',
    conflicts: ['labels', 'labelsFile', 'choice'],
  },
  { flags: '--unconstrained', about: 'ask for a letter as the paper does, but accept any answer' },
  { flags: '--probabilities', about: 'the probability of each choice or label' },
  {
    flags: '--normalise <how>',
    about: 'compare log-likelihoods as they are, or divided by length in tokens',
    values: NORMALISATIONS,
  },
  {
    flags: '--schema <file>',
    about: 'the answer is JSON that fits this schema: a file, or the schema itself',
    conflicts: [...CHOSEN, 'grammar'],
  },
  {
    flags: '--grammar <file>',
    about: 'the answer fits this grammar (GBNF)',
    conflicts: CHOSEN,
  },
  {
    flags: '--region <x,y,w,h>',
    about: 'the part of the picture to ask about, in pixels or fractions',
  },
  {
    flags: '--mark <shape:place>',
    about: 'draw box:x,y,w,h, ellipse:… or point:x,y[:colour] on the picture first; repeatable',
    list: 'repeated',
  },
];

/** What stands between commas. */
export function splitList(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}
