import { CUT, type ConversationForm, type SpecialToken } from '../conversation.js';

const END: SpecialToken = { special: '<|end|>' };

/**
 * The conversation of LLaVA-Phi-3, as it was trained. Source: InternLM/xtuner `xtuner/utils/templates.py` (phi3_chat) and
 * `xtuner/dataset/utils.py` (encode_fn: questions, answers, what separates turns, and both sides of the image are tokenised
 * alone). The line breaks behind special tokens are in the text and not in the tokens: those tokens take them along.
 */
export const PHI3: ConversationForm = {
  name: 'phi3',
  systemText: '',
  system: { before: [{ special: '<|system|>' }, '\n'], after: [END, '\n'] },
  systemInTurn: false,
  user: { before: [{ special: '<|user|>' }, '\n'], after: [END, '\n'] },
  assistant: { before: [{ special: '<|assistant|>' }, '\n', CUT], after: [CUT, '\n', CUT] },
  answerLead: '',
  answerTail: '',
  imageEnd: '\n',
  endOfAnswer: { ...END, isEos: false },
  stopTexts: [END.special],
  specialsTakeSpace: true,
};
