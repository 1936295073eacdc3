import { open } from 'node:fs/promises';
import type { NumberType } from '../../checkpoints/checkpoint-tensor.js';
import { quote } from '../../llava/quote.js';
import { checkMmproj } from '../../weights/check/check-mmproj.js';
import type { GgufHeader } from '../../weights/gguf/gguf-header.js';
import type { GgufTensor } from '../../weights/gguf/parse-gguf.js';
import { rowBytes, type NumberSource } from '../number-source.js';
import { refuse } from '../refusals.js';
import { PROJECTOR_NAMES, towerNames } from './tower-names.js';
import type { ProjectorParts, Tower } from './vision-parts.js';

/**
 * The tower and the projector of an mmproj file whose weights are floats, such as the published ones.
 * @throws ExpectedError('weights') for other files, and quantised ones
 */
export function mmprojParts(header: GgufHeader): { tower: Tower; projector: ProjectorParts } {
  const { blocks: stored, heads, imageSize, patchSize, towerWidth } = checkMmproj(header);
  const from = `The mmproj file ${quote(header.path)}`;
  const first = header.tensors.get('v.blk.0.ffn_down.weight');
  const isOld = first?.shape[0] === towerWidth;
  const tensors = new Map<string, NumberSource>();
  for (const [clip, gguf] of towerNames(stored)) {
    const tensor = header.tensors.get(isOld ? swapped(gguf) : gguf);
    if (tensor !== undefined) tensors.set(clip, sourceOf(header, tensor));
  }
  const projector = new Map<string, NumberSource>();
  for (const [llava, gguf] of PROJECTOR_NAMES) {
    const tensor = header.tensors.get(gguf);
    if (tensor !== undefined) projector.set(llava, sourceOf(header, tensor));
  }
  const settings = {
    imageSize,
    patchSize,
    width: towerWidth,
    heads,
    feedForwardSize: tensors.get('encoder.layers.0.mlp.fc1.weight')?.shape[0] ?? 0,
    layerNormEpsilon: numberAt(header, 'clip.vision.attention.layer_norm_epsilon') ?? 1e-5,
    activation: header.metadata.get('clip.use_gelu') === true ? ('gelu' as const) : ('quick_gelu' as const),
  };
  const [mean, std] = ['image_mean', 'image_std'].map((key) => numbersAt(header, `clip.vision.${key}`));
  const tower = {
    from,
    settings,
    blocks: blocksOf(header, stored),
    mean: mean ?? [],
    std: std ?? [],
    tensors,
  };
  return { tower, projector: { from, tensors: projector } };
}

/** All that are stored, since files hold no more than are run; a whole CLIP-L has one too many. See native/README.md. */
function blocksOf(header: GgufHeader, stored: number): number {
  const [layer] = numbersAt(header, 'clip.vision.feature_layer');
  return layer ?? (stored === 24 ? 23 : stored);
}

/** The files of 2023 call the first matrix of a block `ffn_down`. */
function swapped(name: string): string {
  return name.replace(/ffn_(?:up|down)/, (found) => (found === 'ffn_up' ? 'ffn_down' : 'ffn_up'));
}

const TYPES: Readonly<Record<string, NumberType>> = { f32: 'F32', f16: 'F16', bf16: 'BF16' };

function sourceOf({ path }: GgufHeader, tensor: GgufTensor): NumberSource {
  const type = TYPES[tensor.type];
  if (type === undefined)
    throw refuse(
      `${quote(path)} is quantised: its ${quote(tensor.name)} is ${tensor.type}.`,
      'Name an mmproj file of f16 or f32 with --tower',
    );
  const shape = tensor.shape.toReversed();
  const bytes = rowBytes({ shape, type });
  return {
    type,
    shape,
    async readRows(first, count, signal) {
      signal?.throwIfAborted();
      await using handle = await open(path);
      const buffer = Buffer.alloc(count * bytes);
      await handle.read(buffer, 0, buffer.length, tensor.offset + first * bytes);
      return buffer;
    },
  };
}

function numberAt({ metadata }: GgufHeader, key: string): number | undefined {
  const value = metadata.get(key);
  return typeof value === 'number' ? value : undefined;
}

function numbersAt({ metadata }: GgufHeader, key: string): readonly number[] {
  const value = metadata.get(key);
  const values = typeof value === 'object' ? (value.values ?? []) : value === undefined ? [] : [value];
  return values.filter((one) => typeof one === 'number');
}
