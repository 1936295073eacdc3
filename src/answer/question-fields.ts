import * as v from 'valibot';
import type { Sampling } from '../engine/engine.js';
import { NO_FORM, type AnswerForm } from '../forms/answer-form.js';
import { readSchema } from '../forms/answer-schema.js';
import { openGrammar } from '../forms/gbnf.js';
import { NORMALISATIONS } from '../llava/choosing.js';
import { parseMark } from '../llava/mark.js';
import { parseRegion, type Region } from '../llava/region.js';
import { RESPONSE_FORMATS, type ResponseFormat } from '../llava/response-format.js';
import { splitList } from './question-flags.js';
import type { QuestionOptions } from './question-options.js';

const FORMATS = Object.keys(RESPONSE_FORMATS) as ResponseFormat[];

/** Fields of JSON that say how a question is put; null says nothing. */
export const questionFields = {
  format: v.nullish(v.picklist(FORMATS)),
  choices: v.nullish(v.array(v.string())),
  labels: v.nullish(v.array(v.string())),
  yes_no: v.nullish(v.boolean()),
  unconstrained: v.nullish(v.boolean()),
  probabilities: v.nullish(v.boolean()),
  normalise: v.nullish(v.picklist(NORMALISATIONS)),
  logprobs: v.nullish(v.boolean()),
  ocr: v.nullish(v.union([v.string(), v.array(v.string())])),
  schema: v.nullish(v.record(v.string(), v.unknown())),
  grammar: v.nullish(v.string()),
  region: v.nullish(v.union([v.string(), v.array(v.number())])),
  mark: v.nullish(v.union([v.string(), v.array(v.string())])),
};

type Fields = {
  readonly [Name in keyof typeof questionFields]?: v.InferOutput<(typeof questionFields)[Name]>;
};

/** What checked fields say. @throws ExpectedError('usage') for what is no schema, grammar, region or mark */
export function readQuestionFields(fields: Fields): QuestionOptions {
  const { yes_no: yesNo, mark } = fields;
  const isTold = fields.probabilities === true || yesNo === true || typeof fields.normalise === 'string';
  return {
    format: fields.format ?? undefined,
    choices: fields.choices ?? undefined,
    labels: yesNo === true ? ['yes', 'no'] : (fields.labels ?? undefined),
    unconstrained: fields.unconstrained ?? undefined,
    probabilities: isTold ? (fields.normalise ?? 'none') : undefined,
    logprobs: fields.logprobs ?? undefined,
    ocrTokens: typeof fields.ocr === 'string' ? splitList(fields.ocr) : (fields.ocr ?? undefined),
    region: regionOf(fields),
    marks: mark === undefined || mark === null ? undefined : [mark].flat().map(parseMark),
    form: formOf(fields),
  };
}

function regionOf({ region }: Fields): Region | undefined {
  if (region === undefined || region === null) return undefined;
  return parseRegion(typeof region === 'string' ? region : region.join(','));
}

function formOf({ schema, grammar }: Fields): AnswerForm {
  return {
    ...(schema === undefined || schema === null ? NO_FORM : { schema: readSchema(schema) }),
    ...(typeof grammar === 'string' ? { grammar: openGrammar(grammar) } : NO_FORM),
  };
}

/** Fields of JSON that say how an answer is drawn; null says nothing. */
export const samplingFields = {
  temperature: v.nullish(
    v.pipe(v.number(), v.minValue(0, 'a number from 0 to 2'), v.maxValue(2, 'a number from 0 to 2')),
  ),
  top_p: v.nullish(
    v.pipe(v.number(), v.gtValue(0, 'a number above 0, up to 1'), v.maxValue(1, 'a number above 0, up to 1')),
  ),
  seed: v.nullish(wholeNumber(0, 2 ** 32 - 1)),
  max_tokens: v.nullish(wholeNumber(1, 1_000_000)),
};

/** The fields' sampling where they say it, the defaults' elsewhere. */
export function readSamplingFields(
  fields: { readonly [Name in keyof typeof samplingFields]?: number | null | undefined },
  defaults: Sampling,
): Sampling {
  return {
    temperature: fields.temperature ?? defaults.temperature,
    topP: fields.top_p ?? defaults.topP,
    seed: fields.seed ?? defaults.seed,
    maxTokens: fields.max_tokens ?? defaults.maxTokens,
  };
}

function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected));
}
