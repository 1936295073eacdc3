import { textAfterImage, textBeforeImage, textsAfterImage, type Turn } from '../llava/conversation.js';
import { VICUNA_V1 } from '../llava/conversations/vicuna-v1.js';
import { SentPicture } from './served-model.js';

/** What a server is asked to learn how it writes prompts. */
export const PROBE_QUESTION = 'What is this?';
/** A turn that was said before, for the prompt of a conversation. */
export const PROBE_TURN: Turn = { question: 'Is this a picture?', answer: 'Yes' };

/**
 * Tokens of the probe's text under LLaVA-1.5's own vocabulary: 35 in front of the picture, the beginning of the sentence
 * included, and 11 behind it. A test counts them with another implementation of that tokenizer.
 */
export const PROBE_TEXT_TOKENS = 46;

/** The probe's prompt on both sides of the picture. */
export const PROBE_TEXTS = {
  before: textBeforeImage(VICUNA_V1),
  after: textAfterImage(VICUNA_V1, PROBE_QUESTION),
  afterWithTurn: textsAfterImage(VICUNA_V1, [PROBE_TURN], PROBE_QUESTION),
};

/** A picture with something on it. */
export function probePicture(imageSize: number): SentPicture {
  const rgb = new Uint8Array(imageSize * imageSize * 3);
  for (let index = 0; index < rgb.length; index++) rgb[index] = (index * 7) % 256;
  const { systemText } = VICUNA_V1;
  return new SentPicture({ size: imageSize, rgb }, { systemText, imageTokens: undefined });
}
