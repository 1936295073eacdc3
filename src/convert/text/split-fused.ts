import type { TextSettings } from '../../checkpoints/configuration/settings.js';
import { rowsOf, type NumberSource } from '../number-source.js';

/** A matrix under the name that LlamaForCausalLM has for it, without `.weight`. */
type NamedSource = readonly [module: string, source: NumberSource];

/**
 * Phi-3 stores queries, keys and values as one matrix, and the two halves of its gate as another: their rows, taken apart. Any
 * other matrix is given back as it is.
 */
export function splitFused(module: string, source: NumberSource, text: TextSettings): readonly NamedSource[] {
  const [, layer, kind] =
    /^(model\.layers\.\d+)\.(self_attn\.qkv_proj|mlp\.gate_up_proj)$/.exec(module) ?? [];
  if (layer === undefined || kind === undefined) return [[module, source]];
  const queries = text.heads * text.headSize;
  const keys = text.kvHeads * text.headSize;
  const parts: readonly (readonly [string, number])[] =
    kind === 'mlp.gate_up_proj'
      ? [
          ['mlp.gate_proj', text.feedForwardSize],
          ['mlp.up_proj', text.feedForwardSize],
        ]
      : [
          ['self_attn.q_proj', queries],
          ['self_attn.k_proj', keys],
          ['self_attn.v_proj', keys],
        ];
  let first = 0;
  return parts.map(([name, rows]) => {
    const part = rowsOf(source, first, rows);
    first += rows;
    return [`${layer}.${name}`, part] as const;
  });
}
