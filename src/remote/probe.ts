import { textAfterImage, textBeforeImage, type ConversationForm, type Turn } from '../llava/conversation.js';
import type { FormName } from '../llava/conversations/named.js';
import { SentPicture } from './served-model.js';

/** What a server is asked to learn how it writes prompts. */
export const PROBE_QUESTION = 'What is this?';
/** A turn that was said before, for the prompt of a conversation. */
export const PROBE_TURN: Turn = { question: 'Is this a picture?', answer: 'Yes' };

/**
 * Tokens of the probe's text under the model's own vocabulary, both sides of the picture and the beginning of the sentence:
 * of `vicuna_v1` 35 in front of the picture and 11 behind it. A test counts them with other implementations of those tokenizers.
 */
const PROBE_TEXT_TOKENS: Readonly<Partial<Record<string, number>>> = {
  vicuna_v1: 46,
  share4v_v1: 46,
  llama3: 15,
  phi3: 10,
} satisfies Partial<Record<FormName, number>>;

/** How many tokens the probe's text is; undefined where that is not known. */
export function probeTextTokens({ name }: ConversationForm): number | undefined {
  return PROBE_TEXT_TOKENS[name];
}

/** The probe's prompt on both sides of the picture. */
export function probeTexts(form: ConversationForm) {
  return {
    before: textBeforeImage(form),
    after: textAfterImage(form, PROBE_QUESTION),
    /** Turn by turn, the token that ends an answer by itself: tokenizers do not all take it from within a text. */
    afterWithTurn: splitAtEnd(form, textAfterImage(form, PROBE_QUESTION, [PROBE_TURN])),
  };
}

function splitAtEnd({ endOfAnswer }: ConversationForm, text: string): readonly string[] {
  const end = endOfAnswer.special;
  const place = text.indexOf(end, text.indexOf(PROBE_TURN.answer));
  return [text.slice(0, place), end, text.slice(place + end.length)];
}

/** A picture with something on it. */
export function probePicture(imageSize: number, { systemText }: ConversationForm): SentPicture {
  const rgb = new Uint8Array(imageSize * imageSize * 3);
  for (let index = 0; index < rgb.length; index++) rgb[index] = (index * 7) % 256;
  return new SentPicture({ size: imageSize, rgb }, { systemText, imageTokens: undefined });
}
