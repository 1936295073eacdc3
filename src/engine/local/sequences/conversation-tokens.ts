import type { LlamaModel, Token } from 'node-llama-cpp';
import {
  textBeforeImage,
  textsAfterImage,
  type ConversationForm,
  type Turn,
} from '../../../llava/conversation.js';

/** Tokens behind the image features. */
export interface ConversationTokens {
  readonly tokens: readonly Token[];
  /** Where the last question begins in `tokens`: what stands before it are whole turns. */
  readonly questionStart: number;
}

/** Tokens in front of the image features: the beginning of the sentence and the system text. */
export function tokensBeforeImage(
  model: LlamaModel,
  form: ConversationForm,
  systemText?: string,
): readonly Token[] {
  const { bos } = model.tokens;
  const text = model.tokenize(textBeforeImage(form, systemText), false);
  return bos === null ? text : [bos, ...text];
}

/** A conversation in the form it was trained in: each answer is closed by one token. Texts hold no special tokens. */
export function conversationTokens(
  model: LlamaModel,
  form: ConversationForm,
  turns: readonly Turn[],
  question: string,
): ConversationTokens {
  const end = model.tokens[form.endOfAnswer.token];
  const [open = '', ...said] = textsAfterImage(form, turns, question).toReversed();
  const tokens = said
    .reverse()
    .flatMap((text) => [...model.tokenize(text, false), ...(end === null ? [] : [end])]);
  return { tokens: [...tokens, ...model.tokenize(open, false)], questionStart: tokens.length };
}
