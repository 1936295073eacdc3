import { tensorToWrite, type GgufToWrite, type TensorToWrite, type TypedValue } from './gguf-writer.js';
import type { WritableType } from './quantise.js';
import { Seeded } from './seeded.js';

/** A vision file with random weights; every field has a small default. */
export interface VisionOptions {
  readonly seed?: number;
  readonly version?: 2 | 3;
  /** clip.projector_type; null leaves the key out, as files of 2023 do. */
  readonly projectorType?: string | null;
  /** The name of the widening MLP matrix: ffn_down in the published files. */
  readonly firstMatrix?: 'ffn_down' | 'ffn_up';
  readonly blocks?: number;
  readonly visionWidth?: number;
  readonly visionHeads?: number;
  readonly visionHidden?: number;
  readonly imageSize?: number;
  readonly patchSize?: number;
  /** clip.vision.feature_layer, a list of one. */
  readonly featureLayer?: number;
  readonly postLayerNorm?: boolean;
  /** The type of all matrices, positions included; the patch kernel is F16 where blocks do not fit it. */
  readonly visionType?: WritableType;
  /** Width of the image features; the text model's if not given. */
  readonly projectorWidth?: number;
  /** Keys and tensors that only LLaVA-1.6 files have. */
  readonly llava16?: boolean;
  /** Bias of the values that enter GELU in the projector and in the blocks; about −3 tells GELUs apart. */
  readonly activationBias?: number;
  /** All blocks share one set of matrices, quick to write where they are wide; the last adds a large bias to all. */
  readonly sameBlocks?: boolean;
}

/** About a fifth of a second on one thread: long enough to be met in flight. */
export const SLOW_VISION: VisionOptions = {
  imageSize: 336,
  visionWidth: 256,
  visionHidden: 1024,
  blocks: 8,
  sameBlocks: true,
};

const mean = [0.48145466, 0.4578275, 0.40821073];
const deviation = [0.26862954, 0.26130258, 0.27577711];

export function randomVision(options: VisionOptions = {}): GgufToWrite {
  return { version: options.version ?? 3, metadata: metadataOf(options), tensors: tensorsOf(options) };
}

function sizesOf(options: VisionOptions) {
  return {
    blocks: options.blocks ?? 3,
    width: options.visionWidth ?? 64,
    heads: options.visionHeads ?? 4,
    hidden: options.visionHidden ?? 128,
    image: options.imageSize ?? 56,
    patch: options.patchSize ?? 14,
    projector: options.projectorWidth ?? 128,
  };
}

/** Keys in the order of the published files. */
function metadataOf(options: VisionOptions): Map<string, TypedValue> {
  const { blocks, width, heads, hidden, image, patch } = sizesOf(options);
  const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
  const metadata = new Map<string, TypedValue>([
    ['general.architecture', { type: 'string', value: 'clip' }],
    ['clip.has_text_encoder', { type: 'bool', value: false }],
    ['clip.has_vision_encoder', { type: 'bool', value: true }],
    ['clip.has_llava_projector', { type: 'bool', value: true }],
    ['general.file_type', uint32(options.visionType === 'F16' ? 1 : 0)],
    ['general.name', { type: 'string', value: 'random vision tower' }],
  ]);
  if (options.projectorType !== null) {
    metadata.set('clip.projector_type', { type: 'string', value: options.projectorType ?? 'mlp' });
  }
  metadata.set('clip.vision.image_size', uint32(image));
  metadata.set('clip.vision.patch_size', uint32(patch));
  metadata.set('clip.vision.embedding_length', uint32(width));
  metadata.set('clip.vision.feed_forward_length', uint32(hidden));
  metadata.set('clip.vision.projection_dim', uint32(768));
  metadata.set('clip.vision.attention.head_count', uint32(heads));
  metadata.set('clip.vision.attention.layer_norm_epsilon', { type: 'float32', value: 1e-5 });
  metadata.set('clip.vision.block_count', uint32(blocks));
  if (options.featureLayer !== undefined) {
    metadata.set('clip.vision.feature_layer', { type: 'array', of: 'int32', items: [options.featureLayer] });
  }
  if (options.llava16 === true) {
    const pinpoints = [336, 672, 672, 336, 672, 672, 1008, 336, 336, 1008];
    metadata.set('clip.vision.image_grid_pinpoints', { type: 'array', of: 'int32', items: pinpoints });
    metadata.set('clip.vision.mm_patch_merge_type', { type: 'string', value: 'spatial_unpad' });
    metadata.set('clip.vision.image_crop_resolution', uint32(224));
  }
  metadata.set('clip.vision.image_mean', { type: 'array', of: 'float32', items: mean });
  metadata.set('clip.vision.image_std', { type: 'array', of: 'float32', items: deviation });
  metadata.set('clip.use_gelu', { type: 'bool', value: false });
  return metadata;
}

function tensorsOf(options: VisionOptions): TensorToWrite[] {
  const { blocks, width, hidden, image, patch, projector } = sizesOf(options);
  const random = new Seeded(options.seed ?? 0);
  const type = options.visionType ?? 'F32';
  const firstMatrix = options.firstMatrix ?? 'ffn_down';
  const secondMatrix = firstMatrix === 'ffn_down' ? 'ffn_up' : 'ffn_down';
  const activationBias = options.activationBias ?? 0;

  const vector = (name: string, size: number, about = 0, scale = 0.2): TensorToWrite =>
    tensorToWrite(name, [size], 'F32', random.normal(size, scale, about));
  const matrix = (name: string, inputs: number, outputs: number, scale: number): TensorToWrite =>
    tensorToWrite(name, [inputs, outputs], type, random.normal(inputs * outputs, scale / Math.sqrt(inputs)));
  const linear = (
    name: string,
    inputs: number,
    outputs: number,
    scale: number,
    bias = 0,
  ): TensorToWrite[] => [
    matrix(`${name}.weight`, inputs, outputs, scale),
    vector(`${name}.bias`, outputs, bias),
  ];
  const norm = (name: string): TensorToWrite[] => [
    vector(`${name}.weight`, width, 1),
    vector(`${name}.bias`, width),
  ];
  const block = (name: string): TensorToWrite[] => [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_out'].flatMap((part) =>
      linear(`${name}.${part}`, width, width, 1.6),
    ),
    ...norm(`${name}.ln1`),
    ...norm(`${name}.ln2`),
    ...linear(`${name}.${firstMatrix}`, width, hidden, activationBias === 0 ? 1.6 : 0.5, activationBias),
    // Behind a bias GELU leaves little: the next matrix makes up for it.
    ...linear(`${name}.${secondMatrix}`, hidden, width, activationBias === 0 ? 1.6 : 20),
  ];

  const patchType = type === 'F32' || type === 'BF16' ? type : 'F16';
  const positions = (image / patch) ** 2 + 1;
  const first = block('v.blk.0');
  const rest = Array.from({ length: blocks - 1 }, (_, i) => {
    const name = `v.blk.${i + 1}`;
    return options.sameBlocks === true ? renamed(first, 'v.blk.0', name) : block(name);
  });
  if (options.sameBlocks === true) {
    const bias = vector(`v.blk.${blocks - 1}.attn_out.bias`, width, 0, 20);
    rest.push(
      ...rest.splice(-1).map((last) => last.map((tensor) => (tensor.name === bias.name ? bias : tensor))),
    );
  }
  return [
    vector('v.class_embd', width, 0, 1),
    tensorToWrite(
      'v.patch_embd.weight',
      [patch, patch, 3, width],
      patchType,
      random.normal(width * 3 * patch * patch, 0.05),
    ),
    tensorToWrite('v.position_embd.weight', [width, positions], type, random.normal(positions * width, 0.5)),
    ...norm('v.pre_ln'),
    ...[first, ...rest].flat(),
    ...(options.postLayerNorm === true ? norm('v.post_ln') : []),
    ...linear('mm.0', width, projector, activationBias === 0 ? 1.6 : 0.1, activationBias),
    ...linear('mm.2', projector, projector, activationBias === 0 ? 1.1 : 400),
    ...(options.llava16 === true ? [vector('model.image_newline', projector)] : []),
  ];
}

function renamed(tensors: readonly TensorToWrite[], from: string, to: string): TensorToWrite[] {
  return tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(from, to) }));
}
