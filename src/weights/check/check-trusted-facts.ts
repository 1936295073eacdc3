import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import { textAt } from './header-fields.js';
import { weightsError } from '../weights-error.js';

const ROPE_SCALINGS = ['none', 'linear', 'yarn', 'longrope'];

/** Entries that change the computation to that of other models, and what LLaVA-1.5 has: nothing, or this. */
const NOT_OF_LLAVA: readonly (readonly [key: string, usual: number | boolean, meaning: string])[] = [
  ['llama.expert_count', 0, 'a mixture of experts'],
  ['llama.expert_used_count', 0, 'a mixture of experts'],
  ['llama.expert_group_count', 0, 'a mixture of experts'],
  ['llama.nextn_predict_layers', 0, 'several tokens predicted at once'],
  ['llama.pooling_type', 0, 'embeddings of texts'],
  ['llama.attention.causal', true, 'attention that looks ahead'],
];

/**
 * Checks what llama.cpp v0.5.0 takes from the metadata without a doubt: it ends the whole process, by an assertion, on
 * values that it does not expect.
 * @throws ExpectedError 'weights'
 */
export function checkTrustedFacts(header: GgufHeader, hint: string): void {
  const { metadata } = header;
  const refuse = (problem: string) => weightsError(header.path, `is not usable: ${problem}`, hint);
  const epsilon = metadata.get('llama.attention.layer_norm_rms_epsilon');
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
    throw refuse(
      `"llama.attention.layer_norm_rms_epsilon" is ${JSON.stringify(epsilon)}, not between 0 and 1`,
    );
  }
  const scaling = textAt(header, 'llama.rope.scaling.type');
  if (scaling !== undefined && !ROPE_SCALINGS.includes(scaling)) {
    throw refuse(`"llama.rope.scaling.type" is ${quote(scaling)}, not one of ${ROPE_SCALINGS.join(', ')}`);
  }
  for (const [key, usual, meaning] of NOT_OF_LLAVA) {
    const value = metadata.get(key) ?? usual;
    if (value !== usual)
      throw refuse(`${quote(key)} is ${JSON.stringify(value)}: ${meaning}, which LLaVA-1.5 does not have`);
  }
}
