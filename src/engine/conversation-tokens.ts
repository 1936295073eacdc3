import type { LlamaModel, Token } from 'node-llama-cpp';
import { textAfterImage, textBeforeImage, textOfNextTurn, type Turn } from '../llava/prompt.js';

/** Tokens behind the image features. */
export interface ConversationTokens {
  readonly tokens: readonly Token[];
  /** Where the last question begins in `tokens`: what stands before it are whole turns. */
  readonly questionStart: number;
}

/** Tokens in front of the image features: the beginning of the sentence and the system text. */
export function tokensBeforeImage(model: LlamaModel, systemText?: string): readonly Token[] {
  const { bos } = model.tokens;
  const text = model.tokenize(textBeforeImage(systemText), false);
  return bos === null ? text : [bos, ...text];
}

/**
 * A conversation in the form it was trained in: each answer is closed by one end-of-sequence token, and the next turn
 * follows without a space (`</s>USER:`).
 */
export function conversationTokens(
  model: LlamaModel,
  turns: readonly Turn[],
  question: string,
): ConversationTokens {
  const { eos } = model.tokens;
  const tokens: Token[] = [];
  for (const [index, turn] of turns.entries()) {
    tokens.push(...model.tokenize(`${opening(index, turn.question)} ${turn.answer}`, false));
    if (eos !== null) tokens.push(eos);
  }
  const questionStart = tokens.length;
  tokens.push(...model.tokenize(opening(turns.length, question), false));
  return { tokens, questionStart };
}

function opening(index: number, question: string): string {
  return index === 0 ? textAfterImage(question) : textOfNextTurn(question);
}
