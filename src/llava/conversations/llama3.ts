import { CUT, type ConversationForm, type PromptPiece, type SpecialToken } from '../conversation.js';

const END: SpecialToken = { special: '<|eot_id|>' };

/**
 * The conversation of LLaVA-Llama-3, as it was trained. Source: InternLM/xtuner `xtuner/utils/templates.py` (llama3_chat)
 * and `xtuner/dataset/utils.py` (encode_fn: what is asked, what is answered, and both sides of the image are tokenised alone).
 */
export const LLAMA3: ConversationForm = {
  name: 'llama3',
  systemText: '',
  system: { before: headerOf('system'), after: [END] },
  systemInTurn: false,
  user: { before: headerOf('user'), after: [END] },
  assistant: { before: [...headerOf('assistant'), CUT], after: [] },
  answerLead: '',
  answerTail: '',
  imageEnd: '\n',
  endOfAnswer: { ...END, isEos: false },
  stopTexts: [END.special],
  specialsTakeSpace: false,
};

function headerOf(role: string): readonly PromptPiece[] {
  return [{ special: '<|start_header_id|>' }, role, { special: '<|end_header_id|>' }, '\n\n'];
}
