import { DEFAULT_CONTEXT } from '../../opening/plan-placement.js';
import type { FoundEngine } from '../../remote/find-engine.js';
import type { PairInfo } from '../../weights/check/check-pair.js';
import type { AskRequest } from './ask-request.js';

/** Room for the roles, the longest formatting prompt, and a region in numbers; all are shorter. */
const PROMPT_BYTES = 256;
const STEP = 256;

/**
 * Positions that no answer to this question needs more of, since a token is at least a byte of text: a smaller KV cache
 * is faster made. Never more than usual, and what was asked for when something was.
 */
export function contextForAsk(
  { asking: { question, sampling }, engine }: Pick<AskRequest, 'asking' | 'engine'>,
  { conversation }: Pick<FoundEngine, 'conversation'>,
  { tokensPerPicture, contextLength }: Pick<PairInfo, 'tokensPerPicture' | 'contextLength'>,
): number {
  if (engine.context !== undefined) return engine.context;
  const { text, choices = [], labels = [], ocrTokens = [] } = question;
  const asked = [conversation.systemText, text, ...choices, ...ocrTokens].reduce(
    (sum, part) => sum + bytesIn(part),
    0,
  );
  const longest = [...choices, ...labels].reduce((most, part) => Math.max(most, bytesIn(part)), 0);
  const needed = tokensPerPicture + PROMPT_BYTES + asked + Math.max(sampling.maxTokens, longest);
  return Math.min(Math.ceil(needed / STEP) * STEP, DEFAULT_CONTEXT, contextLength);
}

/** With what is put around it in a list. */
function bytesIn(text: string): number {
  return Buffer.byteLength(text) + 8;
}
