import { quote } from '../../llava/quote.js';
import { bool, f32, f32s, i32s, text, u32 } from '../gguf/metadata.js';
import type { FloatFormat, PlannedFile, PlannedTensor } from '../gguf/planned-file.js';
import { planTensor, type NumberSource } from '../number-source.js';
import { refuse } from '../refusals.js';
import { FILE_TYPES } from '../text/text-metadata.js';
import { PROJECTOR_NAMES, towerNames } from './tower-names.js';
import type { ProjectorParts, Tower } from './vision-parts.js';

/**
 * The mmproj file of a tower and a projector, with the keys that llama.cpp v0.5.0 asks for and those of 2023. Only blocks that
 * are run are in it; `clip.vision.feature_layer` has llama.cpp run all of them, where it would leave out the last one.
 * @param format of matrices; vectors are float32
 * @throws ExpectedError('weights') for tensors that are missing or do not fit
 */
export function planMmproj(
  name: string,
  tower: Tower,
  projector: ProjectorParts,
  format: FloatFormat,
): PlannedFile {
  const { blocks, mean, settings, std } = tower;
  const take = (
    parts: Tower | ProjectorParts,
    from: string,
    to: string,
    shape: readonly (number | undefined)[],
  ) => planPart(parts, from, to, shape, format);
  const tensors = [
    ...towerNames(blocks).map(([from, to]) => take(tower, from, to, towerShape(from, settings))),
    ...planProjector(projector, settings.width, take),
  ];
  const outputSize = tensors.at(-1)?.shape[0] ?? 0;
  const metadata = new Map([
    ['general.architecture', text('clip')] as const,
    ['general.type', text('mmproj')] as const,
    ['general.name', text(name)] as const,
    ['general.description', text('image encoder for LLaVA')] as const,
    ['general.file_type', u32(FILE_TYPES[format])] as const,
    ['clip.has_text_encoder', bool(false)] as const,
    ['clip.has_vision_encoder', bool(true)] as const,
    ['clip.has_llava_projector', bool(true)] as const,
    ['clip.projector_type', text('mlp')] as const,
    ['clip.use_gelu', bool(settings.activation === 'gelu')] as const,
    ['clip.vision.image_size', u32(settings.imageSize)] as const,
    ['clip.vision.patch_size', u32(settings.patchSize)] as const,
    ['clip.vision.embedding_length', u32(settings.width)] as const,
    ['clip.vision.feed_forward_length', u32(settings.feedForwardSize)] as const,
    ['clip.vision.projection_dim', u32(outputSize)] as const,
    ['clip.vision.attention.head_count', u32(settings.heads)] as const,
    ['clip.vision.attention.layer_norm_epsilon', f32(settings.layerNormEpsilon)] as const,
    ['clip.vision.block_count', u32(blocks)] as const,
    ['clip.vision.feature_layer', i32s([blocks])] as const,
    ['clip.vision.image_mean', f32s(mean)] as const,
    ['clip.vision.image_std', f32s(std)] as const,
  ]);
  return { metadata, tensors };
}

function planProjector(
  projector: ProjectorParts,
  towerWidth: number,
  take: (
    parts: ProjectorParts,
    from: string,
    to: string,
    shape: readonly (number | undefined)[],
  ) => PlannedTensor,
): readonly PlannedTensor[] {
  const hidden = projector.tensors.get('linear_1.weight')?.shape[0];
  const output = projector.tensors.get('linear_2.weight')?.shape[0];
  const shapes = [[hidden, towerWidth], [hidden], [output, hidden], [output]];
  return PROJECTOR_NAMES.map(([from, to], index) => take(projector, from, to, shapes[index] ?? []));
}

function planPart(
  { from: origin, tensors }: Tower | ProjectorParts,
  from: string,
  to: string,
  shape: readonly (number | undefined)[],
  format: FloatFormat,
): PlannedTensor {
  const source = tensors.get(from);
  if (source === undefined) throw refuse(`${origin} lacks the tensor ${quote(from)}.`, HINT);
  const isRight =
    source.shape.length === shape.length &&
    shape.every((size, i) => size === undefined || size === source.shape[i]);
  if (!isRight) {
    const wanted = shape.map((size) => size ?? '?').join('×');
    throw refuse(
      `${origin} has ${quote(from)} as ${source.shape.join('×')}; its settings say ${wanted}.`,
      HINT,
    );
  }
  return planTensor(to, source, isMatrix(source) ? format : 'f32');
}

const HINT = 'Take a vision tower and a projector of LLaVA-1.5: see docs/convert.md';

function isMatrix({ shape }: NumberSource): boolean {
  return shape.length > 1;
}

function towerShape(name: string, settings: Tower['settings']): readonly number[] {
  const { feedForwardSize, imageSize, patchSize, width } = settings;
  switch (name) {
    case 'embeddings.patch_embedding.weight':
      return [width, 3, patchSize, patchSize];
    case 'embeddings.position_embedding.weight':
      return [(imageSize / patchSize) ** 2 + 1, width];
    default:
  }
  if (name.endsWith('fc1.weight')) return [feedForwardSize, width];
  if (name.endsWith('fc2.weight')) return [width, feedForwardSize];
  if (name.endsWith('fc1.bias')) return [feedForwardSize];
  return name.endsWith('_proj.weight') ? [width, width] : [width];
}
