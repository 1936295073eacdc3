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
    about: 'what kind of answer',
    values: Object.keys(RESPONSE_FORMATS),
  },
  {
    flags: '--choice <text>',
    about: 'an option of a letter question; give one for each',
    list: 'repeated',
  },
  { flags: '--ocr <words>', about: 'words read in the picture, separated by commas, as a hint' },
  { flags: '--labels <labels>', about: 'the answer is one of these, separated by commas', list: 'commas' },
  { flags: '--labels-file <file>', about: 'the same, a label a line', conflicts: ['labels'] },
  {
    flags: '--yes-no',
    about: 'yes or no, and how probable',
    conflicts: ['labels', 'labelsFile', 'choice'],
  },
  { flags: '--unconstrained', about: 'letters as the paper asks for them: the answer may be anything' },
  { flags: '--probabilities', about: 'how probable each choice or label is' },
  {
    flags: '--normalise <how>',
    about: 'compare log-likelihoods as they are, or by their length in tokens',
    values: NORMALISATIONS,
  },
  {
    flags: '--schema <file>',
    about: 'the answer is JSON by this JSON Schema: a file, or the schema itself',
    conflicts: [...CHOSEN, 'grammar'],
  },
  {
    flags: '--grammar <file>',
    about: 'the answer fits this grammar, in GBNF',
    conflicts: CHOSEN,
  },
  {
    flags: '--region <x,y,w,h>',
    about: 'the part that is asked about: pixels, or fractions of the picture',
  },
  {
    flags: '--mark <shape:place>',
    about: 'draw box:x,y,w,h, ellipse:… or point:x,y[:colour] on the picture first; once for each',
    list: 'repeated',
  },
];

/** What stands between commas. */
export function splitList(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}
