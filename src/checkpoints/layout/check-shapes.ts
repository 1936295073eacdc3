import { quote } from '../../llava/quote.js';
import { checkpointError } from '../checkpoint-error.js';
import type { CheckpointTensor, TensorsByName } from '../checkpoint-tensor.js';
import type { ProjectorSettings, TextSettings, VisionSettings } from '../configuration/settings.js';
import { otherProjector } from '../configuration/read-vision-settings.js';
import { strangeTensor } from './sort-tensors.js';

type Shape = readonly number[];

/** What numbers of weights are stored as; whole numbers are quantised weights. */
const WEIGHT_TYPES: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

const INCOMPLETE =
  'Download or save the checkpoint again: it is incomplete, or its config.json is another’s.';

/**
 * Holds a language model's tensors against its settings: all there, of those shapes, and no others. Biases may be there.
 * @throws ExpectedError('weights') naming the first tensor that does not fit
 */
export function checkText(folder: string, tensors: TensorsByName, settings: TextSettings): void {
  const { hiddenSize, heads, kvHeads, headSize, feedForwardSize, vocabularyRows } = settings;
  const needed = new Map<string, Shape>([
    ['model.embed_tokens.weight', [vocabularyRows, hiddenSize]],
    ['model.norm.weight', [hiddenSize]],
  ]);
  const allowed = new Map<string, Shape>();
  (settings.tied ? allowed : needed).set('lm_head.weight', [vocabularyRows, hiddenSize]);
  for (let layer = 0; layer < settings.layers; layer++) {
    const matrices: readonly (readonly [string, number, number])[] = [
      ['self_attn.q_proj', heads * headSize, hiddenSize],
      ['self_attn.k_proj', kvHeads * headSize, hiddenSize],
      ['self_attn.v_proj', kvHeads * headSize, hiddenSize],
      ['self_attn.o_proj', hiddenSize, heads * headSize],
      ['mlp.gate_proj', feedForwardSize, hiddenSize],
      ['mlp.up_proj', feedForwardSize, hiddenSize],
      ['mlp.down_proj', hiddenSize, feedForwardSize],
    ];
    for (const [name, rows, columns] of matrices) {
      needed.set(`model.layers.${layer}.${name}.weight`, [rows, columns]);
      allowed.set(`model.layers.${layer}.${name}.bias`, [rows]);
    }
    for (const norm of ['input_layernorm', 'post_attention_layernorm'])
      needed.set(`model.layers.${layer}.${norm}.weight`, [hiddenSize]);
  }
  checkTensors(folder, tensors, needed, allowed);
}

/** As `checkText`, for CLIP's tower. */
export function checkTower(folder: string, tensors: TensorsByName, settings: VisionSettings): void {
  const { width, patchSize, imageSize, feedForwardSize } = settings;
  if (imageSize % patchSize !== 0 || width % settings.heads !== 0)
    throw checkpointError(
      folder,
      `describes a tower of ${imageSize} pixels in patches of ${patchSize}, ${width} wide with ${settings.heads} heads, which do not divide`,
      INCOMPLETE,
    );
  const needed = new Map<string, Shape>([
    ['embeddings.class_embedding', [width]],
    ['embeddings.patch_embedding.weight', [width, 3, patchSize, patchSize]],
    ['embeddings.position_embedding.weight', [(imageSize / patchSize) ** 2 + 1, width]],
    ['pre_layrnorm.weight', [width]],
    ['pre_layrnorm.bias', [width]],
  ]);
  const allowed = new Map<string, Shape>([
    ['post_layernorm.weight', [width]],
    ['post_layernorm.bias', [width]],
  ]);
  for (let layer = 0; layer < settings.layers; layer++) {
    const linear: readonly (readonly [string, number, number])[] = [
      ['self_attn.q_proj', width, width],
      ['self_attn.k_proj', width, width],
      ['self_attn.v_proj', width, width],
      ['self_attn.out_proj', width, width],
      ['mlp.fc1', feedForwardSize, width],
      ['mlp.fc2', width, feedForwardSize],
    ];
    for (const [name, rows, columns] of linear) {
      needed.set(`encoder.layers.${layer}.${name}.weight`, [rows, columns]);
      needed.set(`encoder.layers.${layer}.${name}.bias`, [rows]);
    }
    for (const norm of ['layer_norm1.weight', 'layer_norm1.bias', 'layer_norm2.weight', 'layer_norm2.bias'])
      needed.set(`encoder.layers.${layer}.${norm}`, [width]);
  }
  checkTensors(folder, tensors, needed, allowed);
}

/**
 * The projector's sizes, by its tensors.
 * @param inputSize of the tower's features, `outputSize` of the language model's embeddings, where they are known
 * @throws ExpectedError('weights') for other projectors than two layers, and for sizes that do not fit
 */
export function checkProjector(
  folder: string,
  tensors: TensorsByName,
  { inputSize, outputSize }: Partial<ProjectorSettings>,
): ProjectorSettings {
  const strange = [...tensors.keys()].find((name) => !/^linear_[12]\.(?:weight|bias)$/.test(name));
  if (strange !== undefined)
    throw otherProjector(folder, strange === 'weight' ? 'linear' : (tensors.get(strange)?.name ?? strange));
  const [output = 0, input = 0] = tensors.get('linear_1.weight')?.shape ?? [];
  const settings = { inputSize: inputSize ?? input, outputSize: outputSize ?? output };
  checkTensors(
    folder,
    tensors,
    new Map<string, Shape>([
      ['linear_1.weight', [settings.outputSize, settings.inputSize]],
      ['linear_1.bias', [settings.outputSize]],
      ['linear_2.weight', [settings.outputSize, settings.outputSize]],
      ['linear_2.bias', [settings.outputSize]],
    ]),
    new Map(),
  );
  return settings;
}

function checkTensors(
  folder: string,
  tensors: TensorsByName,
  needed: ReadonlyMap<string, Shape>,
  allowed: ReadonlyMap<string, Shape>,
): void {
  const missing = [...needed.keys()].filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
    throw checkpointError(folder, `lacks the tensor ${quote(missing[0] ?? '')}${more}`, INCOMPLETE);
  }
  for (const [name, tensor] of tensors) {
    const shape = needed.get(name) ?? allowed.get(name);
    if (shape === undefined) throw strangeTensor(folder, tensor.name);
    checkTensor(folder, tensor, shape);
  }
}

function checkTensor(folder: string, tensor: CheckpointTensor, shape: Shape): void {
  const isQuantised = !WEIGHT_TYPES.includes(tensor.type);
  if (isQuantised)
    throw checkpointError(
      folder,
      `holds the tensor ${quote(tensor.name)} in ${tensor.type}: it is quantised`,
      'Convert the checkpoint that it was quantised from.',
    );
  if (tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]))
    return;
  throw checkpointError(
    folder,
    `has the tensor ${quote(tensor.name)} in the shape [${tensor.shape.join(', ')}], where its settings need [${shape.join(', ')}]`,
    INCOMPLETE,
  );
}
