import type { ConversationForm } from '../conversation.js';

/**
 * The conversation of LLaVA-1.5, to the character. Source: haotian-liu/LLaVA `llava/conversation.py` (conv_vicuna_v1,
 * SeparatorStyle.TWO) and `llava/mm_utils.py` (tokenizer_image_token: the text on each side of the image is tokenised
 * alone). Training and all of the paper's evaluations use this system text.
 */
export const VICUNA_V1: ConversationForm = {
  name: 'vicuna_v1',
  systemText:
    'A chat between a curious user and an artificial intelligence assistant. ' +
    "The assistant gives helpful, detailed, and polite answers to the user's questions.",
  system: { before: [], after: [' '] },
  systemInTurn: false,
  user: { before: ['USER: '], after: [' '] },
  assistant: { before: ['ASSISTANT:'], after: [] },
  answerLead: ' ',
  answerTail: '',
  imageEnd: '\n',
  endOfAnswer: { special: '</s>', isEos: true },
  stopTexts: [],
  specialsTakeSpace: false,
};
