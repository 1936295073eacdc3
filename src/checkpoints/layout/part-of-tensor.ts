/** Where a tensor belongs, and what transformers' own class calls it. */
export interface PartName {
  readonly part: 'text' | 'tower' | 'projector';
  readonly name: string;
}

/** Numbers that models compute themselves, saved by older versions. */
const COMPUTED = /(?:^|\.)(?:rotary_emb\.inv_freq|position_ids)$/;

/**
 * Reads a tensor's name in any of the layouts: the authors' (`model.layers…`, `model.mm_projector…`,
 * `model.vision_tower.vision_tower.vision_model…`), transformers' on disk before and since version 5
 * (`language_model.model.layers…` and `model.language_model.layers…`), CLIP's own, and each of them behind PEFT's
 * `base_model.model.`. Undefined for what is no part of a LLaVA.
 */
export function partOfTensor(name: string): PartName | undefined {
  const own = withoutPeft(name);
  const tower =
    /^(?:model\.)?(?:vision_tower\.){0,2}(?:vision_model\.)?((?:embeddings|pre_layrnorm|encoder|post_layernorm)\..+)$/.exec(
      own,
    )?.[1];
  if (tower !== undefined) return { part: 'tower', name: tower };
  const projector = /^(?:model\.)?(?:mm_projector|multi_modal_projector)\.(.+)$/.exec(own)?.[1];
  if (projector !== undefined) return { part: 'projector', name: projectorName(projector) };
  const text = textName(own);
  return text === undefined ? undefined : { part: 'text', name: text };
}

/** Whether a tensor may be left out without a word: it is computed anew, or part of CLIP that LLaVA does not use. */
export function isNeedless(name: string): boolean {
  return COMPUTED.test(name) || /^(?:text_model\.|text_projection|visual_projection|logit_scale)/.test(name);
}

function withoutPeft(name: string): string {
  return name
    .replace(/^base_model\.(?:model\.)?/, '')
    .replace(/^model\.model\./, 'model.')
    .replace(/\.modules_to_save(?:\.default)?\./, '.');
}

/** The authors' projector is a torch Sequential: layer, GELU, layer. */
function projectorName(name: string): string {
  return name.replace(/^0(?=\.|$)/, 'linear_1').replace(/^2(?=\.|$)/, 'linear_2');
}

function textName(name: string): string | undefined {
  if (name.startsWith('lm_head')) return name;
  const inner = /^(?:model\.)?language_model\.(.+)$/.exec(name)?.[1] ?? name;
  if (inner.startsWith('lm_head')) return inner;
  const plain = inner === name ? /^model\.(.+)$/.exec(name)?.[1] : inner.replace(/^model\./, '');
  return plain !== undefined && /^(?:layers|embed_tokens|norm)\b/.test(plain) ? `model.${plain}` : undefined;
}
