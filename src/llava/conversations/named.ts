import type { ConversationForm } from '../conversation.js';
import { LLAMA3 } from './llama3.js';
import { MISTRAL_INSTRUCT } from './mistral-instruct.js';
import { PHI3 } from './phi3.js';
import { SHARE4V_V1 } from './share4v-v1.js';
import { VICUNA_V1 } from './vicuna-v1.js';

export const FORM_NAMES = ['vicuna_v1', 'share4v_v1', 'mistral_instruct', 'llama3', 'phi3'] as const;
/** What is typed for `--conversation`. */
export type FormName = (typeof FORM_NAMES)[number];

const FORMS: Readonly<Record<FormName, ConversationForm>> = {
  vicuna_v1: VICUNA_V1,
  share4v_v1: SHARE4V_V1,
  mistral_instruct: MISTRAL_INSTRUCT,
  llama3: LLAMA3,
  phi3: PHI3,
};

/** The form of that name. */
export function formNamed(name: FormName): ConversationForm {
  return FORMS[name];
}
