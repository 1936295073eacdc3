/** What the tower's modules are called in GGUF, by their names in CLIPVisionModel. Source: gguf-py's tensor_mapping.py. */
const OUTSIDE: ReadonlyMap<string, string> = new Map([
  ['embeddings.class_embedding', 'v.class_embd'],
  ['embeddings.patch_embedding.weight', 'v.patch_embd.weight'],
  ['embeddings.position_embedding.weight', 'v.position_embd.weight'],
  // So spelled in CLIP.
  ['pre_layrnorm.weight', 'v.pre_ln.weight'],
  ['pre_layrnorm.bias', 'v.pre_ln.bias'],
]);

const IN_BLOCK: readonly (readonly [clip: string, gguf: string])[] = [
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.out_proj', 'attn_out'],
  ['layer_norm1', 'ln1'],
  ['layer_norm2', 'ln2'],
  ['mlp.fc1', 'ffn_up'],
  ['mlp.fc2', 'ffn_down'],
];

/** The tensors of a tower with so many blocks, in the order in which they are written: CLIP's name and GGUF's. */
export function towerNames(blocks: number): readonly (readonly [clip: string, gguf: string])[] {
  const names: (readonly [string, string])[] = [...OUTSIDE];
  for (let block = 0; block < blocks; block++)
    for (const [clip, gguf] of IN_BLOCK)
      for (const kind of ['weight', 'bias'])
        names.push([`encoder.layers.${block}.${clip}.${kind}`, `v.blk.${block}.${gguf}.${kind}`]);
  return names;
}

/** The two matrices of the projector: their names in LlavaForConditionalGeneration, and GGUF's. */
export const PROJECTOR_NAMES: readonly (readonly [llava: string, gguf: string])[] = [
  ['linear_1.weight', 'mm.0.weight'],
  ['linear_1.bias', 'mm.0.bias'],
  ['linear_2.weight', 'mm.2.weight'],
  ['linear_2.bias', 'mm.2.bias'],
];
