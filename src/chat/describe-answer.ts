import type { ChatAnswer } from './chat-turn.js';
import type { ChatStatus } from './chat-view.js';

/** Counts and times of an answer, for `/stats`. */
export function describeAnswer({ turn, usage }: ChatAnswer, status: ChatStatus): string {
  if (usage === undefined) return 'The last answer was stopped, so it was not counted.';
  const { promptTokens, evaluatedTokens, answerTokens, lookMs, questionMs, answerMs } = usage;
  const perSecond = answerMs > 0 ? Math.round((answerTokens / answerMs) * 1000) : 0;
  return [
    `prompt   ${promptTokens} positions, ${evaluatedTokens} of them evaluated for this answer`,
    `context  ${promptTokens + answerTokens} of ${status.contextSize ?? 0} positions`,
    `look     ${Math.round(lookMs)} ms`,
    `question ${Math.round(questionMs)} ms`,
    `answer   ${answerTokens} tokens in ${Math.round(answerMs)} ms (${perSecond}/s), stop: ${turn.stop}`,
    `model    ${status.model} on ${status.device ?? 'no device yet'}`,
  ].join('\n');
}
