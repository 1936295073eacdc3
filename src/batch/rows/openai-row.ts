import * as v from 'valibot';
import { readSamplingFields, samplingFields } from '../../answer/question-fields.js';
import { settleQuestion, withoutLabels, type QuestionDefaults } from '../../answer/question-options.js';
import type { BatchRow, FailedRow, ParsedRow, RowFields } from './batch-row.js';
import { answerId } from './answer-id.js';
import { checkFields } from './check-fields.js';
import { readMessages } from './openai-messages.js';
import type { AnsweredRow, BatchFacts } from './row-answer.js';
import { asBadRow, RowFailure } from './row-error.js';

const URL_OF_CHAT = '/v1/chat/completions';

const openaiRowSchema = v.object({
  custom_id: v.string(),
  method: v.nullish(v.string()),
  url: v.nullish(v.string()),
  body: v.looseObject({
    model: v.nullish(v.string()),
    messages: v.array(v.unknown()),
    max_completion_tokens: samplingFields.max_tokens,
    ...samplingFields,
  }),
});

/** Parameters that would change the answer, with the only value that is understood. */
const ONLY_VALUES: Readonly<Record<string, unknown>> = {
  n: 1,
  stream: false,
  logprobs: false,
  presence_penalty: 0,
  frequency_penalty: 0,
};
/** Parameters that cannot be had at all. */
const NEVER = ['stop', 'tools', 'functions', 'response_format', 'logit_bias'];

/**
 * A row of OpenAI's batch files: one user message with one picture, or with several on one sheet, and text.
 * @throws RowFailure 'bad_row', or 'unsupported' for what the row asks beyond that
 */
export function parseOpenaiRow(fields: RowFields, defaults: QuestionDefaults, tile: boolean): ParsedRow {
  const { method, url, body } = checkFields(openaiRowSchema, fields);
  if ((method ?? 'POST') !== 'POST') throw unsupported('method', method, 'POST');
  if ((url ?? URL_OF_CHAT) !== URL_OF_CHAT) throw unsupported('url', url, URL_OF_CHAT);
  checkParameters(body);
  const { image, beside, text } = readMessages(body.messages, tile);
  const settings = { ...body, max_tokens: body.max_tokens ?? body.max_completion_tokens };
  const sampling = readSamplingFields(settings, defaults.sampling);
  // The form has no place to say what an answer must be.
  const asking = asBadRow(() =>
    settleQuestion(text, { unconstrained: true }, { ...withoutLabels(defaults), sampling }),
  );
  // Not the body: a picture may be in there, and the answer's row does not repeat it.
  return { shape: 'openai', fields: { custom_id: fields['custom_id'] }, image, beside, ...asking };
}

/** The response row, its body a `chat.completion`. */
export function writeOpenaiRow(row: BatchRow, answered: AnsweredRow, facts: BatchFacts): RowFields {
  const { answer, stop, tokens } = answered.answer;
  const id = answerId(answered.fingerprint, row.line);
  return {
    id: `batch_req_${id}`,
    custom_id: row.fields['custom_id'],
    response: {
      status_code: 200,
      request_id: `req_${id}`,
      body: {
        id: `chatcmpl-${id}`,
        object: 'chat.completion',
        created: facts.created,
        model: facts.model,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: answer },
            logprobs: null,
            finish_reason: stop === 'end' ? 'stop' : 'length',
          },
        ],
        usage: {
          prompt_tokens: tokens.prompt,
          completion_tokens: tokens.answer,
          total_tokens: tokens.prompt + tokens.answer,
        },
      },
    },
    error: null,
  };
}

export function writeFailedOpenaiRow({ fields, error, line }: FailedRow): RowFields {
  const customId = typeof fields['custom_id'] === 'string' ? fields['custom_id'] : null;
  return {
    id: `batch_req_${answerId(String(customId), line)}`,
    custom_id: customId,
    response: null,
    error: { ...error, line },
  };
}

function checkParameters(body: RowFields): void {
  for (const [name, only] of Object.entries(ONLY_VALUES)) {
    const value = body[name] ?? only;
    if (value !== only) throw unsupported(`body.${name}`, value, String(only));
  }
  const wanted = NEVER.find((name) => !isEmpty(body[name]));
  if (wanted !== undefined) throw new RowFailure('unsupported', `Field "body.${wanted}" is not supported.`);
}

/** Null, an empty list or object, or plain text as the form of the answer. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined;
  if (value === null || Object.keys(value).length === 0) return true;
  return 'type' in value && value.type === 'text';
}

function unsupported(field: string, value: unknown, only: string): RowFailure {
  const shown = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  return new RowFailure('unsupported', `Field "${field}" is ${shown}; only ${only} is supported.`);
}
