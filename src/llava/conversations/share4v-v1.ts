import type { ConversationForm } from '../conversation.js';
import { VICUNA_V1 } from './vicuna-v1.js';

/**
 * The conversation of ShareGPT4V: LLaVA-1.5's with another system text. Source: ShareGPT4V `share4v/conversation.py`
 * (conv_vicuna_v1 under the name share4v_v1).
 */
export const SHARE4V_V1: ConversationForm = {
  ...VICUNA_V1,
  name: 'share4v_v1',
  systemText:
    'A chat between a curious human and an artificial intelligence assistant. ' +
    "The assistant gives helpful, detailed, and polite answers to the human's questions.",
  stopTexts: ['</s>'],
};
