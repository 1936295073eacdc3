import type { LlamaModel, Token } from 'node-llama-cpp';
import {
  piecesAfterImage,
  piecesBeforeImage,
  type ConversationForm,
  type PromptPiece,
  type Turn,
} from '../../../llava/conversation.js';
import { ExpectedError } from '../../../llava/expected-error.js';
import { quote } from '../../../llava/quote.js';
import { wordTokens } from './word-tokens.js';

/** Tokens behind the image features. */
export interface ConversationTokens {
  readonly tokens: readonly Token[];
  /** Where the last question begins in `tokens`: what stands before it are whole turns. */
  readonly questionStart: number;
}

/** What a form needs of a model to become tokens. */
export type Vocabulary = Pick<LlamaModel, 'tokens' | 'tokenize' | 'detokenize' | 'getTokenAttributes'>;

/** Tokens in front of the image features: the beginning of the sentence and the system text. */
export function tokensBeforeImage(
  model: Vocabulary,
  form: ConversationForm,
  systemText?: string,
): readonly Token[] {
  const { bos } = model.tokens;
  const tokens = tokensOfPieces(model, form, piecesBeforeImage(form, systemText));
  return bos === null ? tokens : [bos, ...tokens];
}

/** A conversation in the form it was trained in: each answer is closed by one token. Words hold no special tokens. */
export function conversationTokens(
  model: Vocabulary,
  form: ConversationForm,
  turns: readonly Turn[],
  question: string,
): ConversationTokens {
  const [open = [], ...said] = piecesAfterImage(form, turns, question).toReversed();
  const tokens = said.reverse().flatMap((pieces) => tokensOfPieces(model, form, pieces));
  return { tokens: [...tokens, ...tokensOfPieces(model, form, open)], questionStart: tokens.length };
}

/** The token that ends an answer; null where the vocabulary has no end. */
export function endOfAnswer(model: Vocabulary, { endOfAnswer: end }: ConversationForm): Token | null {
  return end.isEos ? model.tokens.eos : specialToken(model, end.special);
}

/** Words between two special tokens or cuts are made into tokens as one text. */
function tokensOfPieces(
  model: Vocabulary,
  form: ConversationForm,
  pieces: readonly PromptPiece[],
): readonly Token[] {
  const tokens: Token[] = [];
  let text = '';
  let isBehindSpecial = false;
  const endText = () => {
    const words = isBehindSpecial && form.specialsTakeSpace ? text.trimStart() : text;
    if (words !== '') tokens.push(...wordTokens(model, words));
    text = '';
  };
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    endText();
    isBehindSpecial = 'special' in piece;
    if (!('special' in piece)) continue;
    const token = piece === form.endOfAnswer ? endOfAnswer(model, form) : specialToken(model, piece.special);
    if (token !== null) tokens.push(token);
  }
  endText();
  return tokens;
}

/** @throws ExpectedError('weights') when the vocabulary does not have it */
function specialToken(model: Vocabulary, text: string): Token {
  const [token, ...more] = model.tokenize(text, true);
  if (token !== undefined && more.length === 0 && model.detokenize([token], true) === text) return token;
  throw new ExpectedError('weights', `The vocabulary of these weights has no token ${quote(text)}.`, {
    hint: 'llava models info FILE tells which --conversation they can have',
  });
}
