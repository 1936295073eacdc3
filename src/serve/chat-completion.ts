import { randomUUID } from 'node:crypto';
import type { Answer } from '../answer/answer-question.js';
import type { LikelyToken } from '../engine/engine.js';
import type { AnswerRecord } from '../answer/answer-record.js';

/** What every part of one completion says. */
export interface CompletionFacts {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

export function newCompletion(model: string): CompletionFacts {
  return { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
}

/** A whole completion; `llava` is the record that `llava ask --json` prints. */
export function writeCompletion(facts: CompletionFacts, answer: Answer, record: AnswerRecord): object {
  return {
    ...facts,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null },
        logprobs: logprobsOf(answer),
        finish_reason: finishOf(answer),
      },
    ],
    usage: usageOf(answer),
    llava: record,
  };
}

/** The first chunk of a stream, which says who speaks. */
export function writeRoleChunk(facts: CompletionFacts): object {
  return chunk(facts, { role: 'assistant', content: '' });
}

export function writeTextChunk(facts: CompletionFacts, text: string): object {
  return chunk(facts, { content: text });
}

/** The last chunk of an answer, with what is known at its end. */
export function writeEndChunk(facts: CompletionFacts, answer: Answer, record: AnswerRecord): object {
  return { ...chunk(facts, {}, finishOf(answer), logprobsOf(answer)), llava: record };
}

/** The chunk behind the last, for those who asked for it. */
export function writeUsageChunk(facts: CompletionFacts, answer: Answer): object {
  return { ...facts, object: 'chat.completion.chunk', choices: [], usage: usageOf(answer) };
}

function chunk(
  facts: CompletionFacts,
  delta: object,
  finish: string | null = null,
  logprobs: object | null = null,
): object {
  return {
    ...facts,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs, finish_reason: finish }],
  };
}

function finishOf({ stop }: Answer): string {
  return stop === 'end' ? 'stop' : 'length';
}

function usageOf({ counts: { prompt, answer } }: Answer): object {
  return { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer };
}

function logprobsOf({ tokens }: Answer): object | null {
  if (tokens === undefined) return null;
  const content = tokens.map(({ likeliest = [], ...token }) => ({
    ...logprobOf(token),
    top_logprobs: likeliest.map(logprobOf),
  }));
  return { content, refusal: null };
}

function logprobOf({ text, logProbability }: LikelyToken): object {
  return { token: text, logprob: logProbability, bytes: [...Buffer.from(text)] };
}
