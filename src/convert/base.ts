import type { Checkpoint } from '../checkpoints/checkpoint.js';
import type { GgufHeader } from '../weights/gguf/gguf-header.js';

/** What a LoRA belongs to: a checkpoint, or the language model's GGUF file. */
export type Base =
  | { readonly checkpoint: Checkpoint; readonly gguf?: undefined }
  | { readonly checkpoint?: undefined; readonly gguf: GgufHeader };

/** Values of one head of the model's queries; undefined where nothing tells. */
export function headSizeOf(base: Base | undefined): number | undefined {
  if (base?.gguf !== undefined) return headSizeIn(base.gguf);
  const checkpoint = base?.checkpoint;
  return checkpoint !== undefined && 'text' in checkpoint ? checkpoint.text?.headSize : undefined;
}

function headSizeIn({ metadata }: GgufHeader): number | undefined {
  const size = metadata.get('llama.attention.key_length') ?? metadata.get('llama.rope.dimension_count');
  if (typeof size === 'number') return size;
  const [width, heads] = ['llama.embedding_length', 'llama.attention.head_count'].map((key) =>
    metadata.get(key),
  );
  return typeof width === 'number' && typeof heads === 'number' ? width / heads : undefined;
}
