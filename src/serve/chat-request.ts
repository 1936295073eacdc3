import * as v from 'valibot';
import type { Asking } from '../answer/asked-question.js';
import {
  questionFields,
  readQuestionFields,
  readSamplingFields,
  samplingFields,
} from '../answer/question-fields.js';
import { settleQuestion } from '../answer/question-options.js';
import type { Sampling } from '../engine/engine.js';
import type { AnswerForm } from '../forms/answer-form.js';
import { readSchema } from '../forms/answer-schema.js';
import { JSON_OBJECT } from '../forms/gbnf.js';
import type { Turn } from '../llava/conversation.js';
import { readConversation } from './chat-messages.js';
import { checkBody } from './check-body.js';
import { asProblem, RequestProblem } from './request-problem.js';

/** A request for a chat completion, as the engine is asked it. */
export interface ChatRequest {
  /** A data URL or an address. */
  readonly image: string;
  readonly systemText: string | undefined;
  readonly turns: readonly Turn[];
  readonly asking: Asking;
  /** Positions that the picture takes at most. */
  readonly imageTokens: number | undefined;
  readonly isStreamed: boolean;
  /** Whether the stream ends with the counts of tokens. */
  readonly includesUsage: boolean;
}

/** As many as OpenAI's own API takes. */
const MOST_STOP_TEXTS = 4;

/** As many as OpenAI's own API tells. */
const COUNT_OF_LIKELIEST = 'a number from 0 to 20';

const stopText = v.pipe(v.string(), v.nonEmpty('a text that is not empty'));
const stopTexts = v.pipe(v.array(stopText), v.maxLength(MOST_STOP_TEXTS, `${MOST_STOP_TEXTS} texts at most`));

const bodySchema = v.looseObject({
  model: v.nullish(v.string()),
  messages: v.array(v.unknown()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  stop: v.nullish(v.union([stopText, stopTexts])),
  logprobs: v.nullish(v.boolean()),
  top_logprobs: v.nullish(
    v.pipe(
      v.number(),
      v.integer('a whole number'),
      v.minValue(0, COUNT_OF_LIKELIEST),
      v.maxValue(20, COUNT_OF_LIKELIEST),
    ),
  ),
  max_completion_tokens: samplingFields.max_tokens,
  ...samplingFields,
  response_format: v.nullish(
    v.variant('type', [
      v.looseObject({ type: v.literal('text') }),
      v.looseObject({ type: v.literal('json_object') }),
      v.looseObject({
        type: v.literal('json_schema'),
        json_schema: v.looseObject({ schema: v.record(v.string(), v.unknown()) }),
      }),
    ]),
  ),
  llava: v.nullish(
    v.strictObject({
      ...questionFields,
      image_tokens: v.nullish(
        v.pipe(v.number(), v.integer('a whole number'), v.minValue(1, 'a number from 1')),
      ),
    }),
  ),
});

type Body = v.InferOutput<typeof bodySchema>;

/** Parameters that would change the answer, with the only value that can be had. */
const ONLY_VALUES: Readonly<Record<string, unknown>> = {
  n: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
};
/** Parameters that cannot be had at all. */
const NEVER = ['tools', 'functions', 'logit_bias', 'audio', 'prediction'];

/**
 * A request's body, checked and complete.
 * @param defaults for what the body does not say
 * @throws RequestProblem 400 naming the field
 */
export function readChatRequest(body: unknown, defaults: Sampling): ChatRequest {
  const checked = checkBody(bodySchema, body);
  checkParameters(checked);
  if ((checked.top_logprobs ?? 0) > 0 && checked.logprobs !== true)
    throw new RequestProblem(400, '"top_logprobs" goes with "logprobs": true.', { param: 'top_logprobs' });
  const { image, systemText, turns, question } = readConversation(checked.messages);
  return {
    image,
    systemText,
    turns,
    asking: readAsking(question, checked, defaults),
    imageTokens: checked.llava?.image_tokens ?? undefined,
    isStreamed: checked.stream === true,
    includesUsage: checked.stream_options?.include_usage === true,
  };
}

function readAsking(question: string, body: Body, defaults: Sampling): Asking {
  const settings = { ...body, max_tokens: body.max_tokens ?? body.max_completion_tokens };
  const sampling = readSamplingFields(settings, defaults);
  const stop = body.stop ?? undefined;
  const topLogprobs = body.top_logprobs ?? undefined;
  const options = asProblem('llava', () => readQuestionFields(body.llava ?? {}));
  const said = {
    ...options,
    form: readResponseFormat(body.response_format) ?? options.form,
    logprobs: body.logprobs ?? options.logprobs,
  };
  // A question without a format is asked as it stands, as clients of any other model expect.
  return asProblem('llava', () =>
    settleQuestion(
      question,
      said,
      {
        sampling: {
          ...sampling,
          ...(stop === undefined ? {} : { stop: [stop].flat() }),
          ...(topLogprobs === undefined ? {} : { topLogprobs }),
        },
      },
      options.format === undefined,
    ),
  );
}

/** The form that `response_format` asks for; undefined for text. */
function readResponseFormat(format: Body['response_format']): AnswerForm | undefined {
  if (format?.type === 'json_object') return { grammar: JSON_OBJECT };
  if (format?.type !== 'json_schema') return undefined;
  const { schema } = format.json_schema as { readonly schema: object };
  return asProblem('response_format.json_schema.schema', () => ({ schema: readSchema(schema) }));
}

function checkParameters(body: Readonly<Record<string, unknown>>): void {
  for (const [name, only] of Object.entries(ONLY_VALUES))
    if ((body[name] ?? only) !== only)
      throw new RequestProblem(
        400,
        `"${name}" is ${JSON.stringify(body[name])}; only ${String(only)} is supported.`,
        { param: name, code: 'unsupported_value' },
      );
  const wanted = NEVER.find((name) => !isEmpty(body[name]));
  if (wanted !== undefined)
    throw new RequestProblem(400, `"${wanted}" is not supported.`, {
      param: wanted,
      code: 'unsupported_parameter',
    });
}

/** Absent, null, or a list or object without entries. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
