/** What a block's tensors are called in GGUF, by their names in transformers. Source: gguf-py's tensor_mapping.py. */
const IN_BLOCK: ReadonlyMap<string, string> = new Map([
  ['input_layernorm', 'attn_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.o_proj', 'attn_output'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
]);

const OUTSIDE: ReadonlyMap<string, string> = new Map([
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
  ['lm_head', 'output'],
]);

/**
 * GGUF's name of a module of LlamaForCausalLM, without `.weight` or `.bias`: `model.layers.0.self_attn.q_proj` is
 * `blk.0.attn_q`. Undefined for what a Llama does not have.
 */
export function textName(module: string): string | undefined {
  const [, layer, rest] = /^model\.layers\.(\d+)\.(.+)$/.exec(module) ?? [];
  if (layer === undefined || rest === undefined) return OUTSIDE.get(module);
  const name = IN_BLOCK.get(rest);
  return name === undefined ? undefined : `blk.${layer}.${name}`;
}

/** Whether a module's rows are in the order of rotated pairs; see rotary-order.ts. */
export function isRotated(module: string): boolean {
  return /\.self_attn\.[qk]_proj$/.test(module);
}
