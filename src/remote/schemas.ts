import * as v from 'valibot';
import type { AnswerToken } from '../engine/engine.js';

/* Forms of JSON that servers of several kinds write. */

export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What `/tokenize` answers. */
export const tokensSchema = v.object({ tokens: v.array(count) });

const token = { token: v.string(), logprob: v.number() };
/** A token of an answer, and the likeliest at its place. */
export const tokenSchema = v.object({ ...token, top_logprobs: v.optional(v.array(v.object(token)), []) });
type Token = v.InferOutput<typeof tokenSchema>;

/** A token as an engine tells it. @param likeliest undefined where they were not asked for */
export function answerToken({ token, logprob }: Token, likeliest?: Token['top_logprobs']): AnswerToken {
  return {
    text: token,
    logProbability: logprob,
    ...(likeliest === undefined
      ? {}
      : { likeliest: likeliest.map((other) => ({ text: other.token, logProbability: other.logprob })) }),
  };
}
