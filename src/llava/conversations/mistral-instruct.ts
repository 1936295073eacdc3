import type { ConversationForm } from '../conversation.js';

/**
 * The conversation of LLaVA-Med v1.5. Source: microsoft/LLaVA-Med `llava/conversation.py` (conv_mistral_instruct,
 * SeparatorStyle.LLAMA_2: a space on either side of an answer, none behind its end).
 */
export const MISTRAL_INSTRUCT: ConversationForm = {
  name: 'mistral_instruct',
  systemText: '',
  system: { before: ['<<SYS>>\n'], after: ['\n<</SYS>>\n\n'] },
  systemInTurn: true,
  user: { before: ['[INST] '], after: [' [/INST]'] },
  assistant: { before: [], after: [] },
  answerLead: ' ',
  answerTail: ' ',
  imageEnd: '\n',
  endOfAnswer: { special: '</s>', isEos: true },
  stopTexts: ['</s>'],
  specialsTakeSpace: false,
};
