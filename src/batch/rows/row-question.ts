import { checkChoosing, type Normalisation } from '../../llava/choosing.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { Region } from '../../llava/region.js';
import { checkQuestion, type Question, type ResponseFormat } from '../../llava/response-format.js';
import type { RowDefaults } from './batch-row.js';
import { RowFailure } from './row-error.js';

/** How a row puts its question; what it does not say, the command says. */
export interface QuestionFields {
  readonly text: string;
  readonly format?: ResponseFormat | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly ocrTokens?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly unconstrained?: boolean | undefined;
  readonly probabilities?: Normalisation | undefined;
  readonly region?: Region | undefined;
}

/**
 * A row's question, checked. Choices make it a letter question, as on the command line; the command's choices go
 * with letter questions only.
 * @throws RowFailure 'bad_row'
 */
export function resolveQuestion(fields: QuestionFields, defaults: RowDefaults): Question {
  const { labels, unconstrained, probabilities } = fields;
  const format = fields.format ?? formatOf(fields, defaults);
  const choices = fields.choices ?? (format === 'letter' ? defaults.choices : undefined);
  const ocrTokens = fields.ocrTokens ?? defaults.ocrTokens;
  const region = fields.region ?? defaults.region;
  const question: Question = {
    text: fields.text,
    format,
    ...(choices === undefined ? {} : { choices }),
    ...(ocrTokens === undefined ? {} : { ocrTokens }),
    ...(region === undefined ? {} : { region }),
    ...(labels === undefined ? {} : { labels }),
    ...(unconstrained === undefined ? {} : { unconstrained }),
    ...(probabilities === undefined ? {} : { probabilities }),
  };
  try {
    checkQuestion(question);
    checkChoosing(question);
    return question;
  } catch (error) {
    if (error instanceof ExpectedError) throw new RowFailure('bad_row', error.message, error);
    throw error;
  }
}

function formatOf({ choices, labels }: QuestionFields, defaults: RowDefaults): ResponseFormat {
  if (labels !== undefined) return 'short';
  return choices === undefined ? defaultFormat(defaults) : 'letter';
}

function defaultFormat(defaults: RowDefaults): ResponseFormat {
  return defaults.format ?? (defaults.choices === undefined ? 'free' : 'letter');
}
