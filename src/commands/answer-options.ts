import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { NORMALISATIONS, type Normalisation } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import type { Question } from '../llava/response-format.js';
import { collect, decimalNumber } from './option-parsers.js';

/** What the answer must be, and what is told of it. */
export interface AnswerFlags {
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

/** What a program wants to know of the answer. */
export interface VerdictFlags {
  readonly atLeast?: number;
  readonly logprobs?: boolean;
}

export function addAnswerOptions(command: Command): Command {
  return command
    .option('--labels <labels>', 'the answer is one of these, separated by commas', splitLabels)
    .addOption(new Option('--labels-file <file>', 'the same, a label a line').conflicts('labels'))
    .addOption(
      new Option('--yes-no', 'yes or no, and how probable').conflicts(['labels', 'labelsFile', 'choice']),
    )
    .option('--unconstrained', 'letters as the paper asks for them: the answer may be anything')
    .option('--probabilities', 'how probable each choice or label is')
    .addOption(
      new Option(
        '--normalise <how>',
        'compare log-likelihoods as they are, or by their length in tokens',
      ).choices(NORMALISATIONS),
    );
}

/** What the answer must be made like, and where in the picture the question is. */
export function addShapeOptions(command: Command): Command {
  const ways = ['labels', 'labelsFile', 'yesNo', 'choice'];
  return command
    .addOption(
      new Option(
        '--schema <file>',
        'the answer is JSON by this JSON Schema: a file, or the schema itself',
      ).conflicts([...ways, 'grammar']),
    )
    .addOption(new Option('--grammar <file>', 'the answer fits this grammar, in GBNF').conflicts(ways))
    .option('--region <x,y,w,h>', 'the part that is asked about: pixels, or fractions of the picture')
    .option(
      '--mark <shape:place>',
      'draw box:x,y,w,h, ellipse:… or point:x,y[:colour] on the picture first; once for each',
      collect,
    );
}

export function addVerdictOptions(command: Command): Command {
  return command
    .option(
      '--at-least <p>',
      'with --yes-no: exit with 0 when yes is that probable, else 1',
      decimalNumber(0, 1),
    )
    .option('--logprobs', 'with --json: how probable each token of the answer was');
}

/**
 * What the flags say of the question.
 * @throws ExpectedError for a file of labels that cannot be read
 */
export function answerQuestionOf(flags: AnswerFlags): Partial<Question> {
  const labels = flags.yesNo === true ? ['yes', 'no'] : labelsOf(flags);
  const isTold = flags.probabilities === true || flags.yesNo === true || flags.normalise !== undefined;
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(flags.unconstrained === true ? { unconstrained: true } : {}),
    ...(isTold ? { probabilities: flags.normalise ?? 'none' } : {}),
  };
}

function labelsOf({ labels, labelsFile }: AnswerFlags): readonly string[] | undefined {
  if (labelsFile === undefined) return labels;
  try {
    return readFileSync(labelsFile, 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .map((label) => label.trim())
      .filter((label) => label !== '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExpectedError('input', `The labels ${quote(labelsFile)} cannot be read: ${reason}`, {
      hint: 'Name a text file with a label a line',
      cause: error,
    });
  }
}

function splitLabels(value: string): readonly string[] {
  return value.split(',').map((label) => label.trim());
}
