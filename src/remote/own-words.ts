import { ExpectedError } from '../llava/expected-error.js';
import { specialTokensOf, type ConversationForm } from '../llava/conversation.js';
import { quote } from '../llava/quote.js';
import type { SentQuestion } from './served-model.js';

/** Texts that servers take for tokens of their own wherever they stand: of the vocabularies of its kind, and of all picture markers. */
const SPECIAL = /<s>|<\/s>|<unk>|<pad>|<image>|<__media_?[^>]*>/;
/** Of the vocabularies of Llama 3 and Phi-3, all of them. */
const SPECIAL_OF_OTHERS = /<\|[^|<>]+\|>/;

/**
 * Refuses texts that would not reach the model as words: these servers read the whole prompt as one text.
 * @throws ExpectedError('usage')
 */
export function checkOwnWords(
  { picture, request, turns }: SentQuestion,
  form: ConversationForm,
  software: string,
): void {
  const others = specialTokensOf(form).length === 0 ? undefined : SPECIAL_OF_OTHERS;
  const texts = [picture.systemText, request, ...turns.flatMap(({ question, answer }) => [question, answer])];
  for (const text of texts) {
    const found = SPECIAL.exec(text)?.[0] ?? others?.exec(text)?.[0];
    if (found !== undefined)
      throw new ExpectedError(
        'usage',
        `${software} would read ${quote(found)} as a token of its own, not as words.`,
        {
          hint: 'Write it differently, or ask an engine here, without --server',
        },
      );
  }
}
