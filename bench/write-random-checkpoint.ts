import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { packTensors, safetensorsBytes } from '../test/checkpoints/safetensors-bytes.js';
import { tokenizerModel, writeFolder } from '../test/checkpoints/tiny-checkpoint.js';
import { toHalf } from '../test/reference/half.js';
import { llama2Pieces } from '../test/reference/llama2-vocabulary.js';
import type { PairShape } from './write-random-weights.js';

/** Two tokens beside LLaMA-2's, and rows to a multiple of 64, as llava-hf's checkpoints have. */
const IMAGE_TOKEN = 32_000;
const PAD_TOKEN = 32_001;
const ROWS = 32_064;
const SHARD_BYTES = 5e9;
const BYTES_OF_HALF = 2;
/** Of the normal distribution that numbers are drawn from, about: small enough that no layer overflows. */
const SCALE = 0.02;

type Named = readonly [name: string, shape: readonly number[]];

/**
 * Writes a checkpoint in transformers' layout with random numbers in float16, in shards of up to 5 GB.
 * @param folder made anew
 */
export function writeRandomCheckpoint(folder: string, shape: PairShape): void {
  const numbers = randomHalves(ROWS * shape.text.width);
  const shards = intoShards([...languageTensors(shape), ...visionTensors(shape)]).map(
    (tensors, place, all) => ({
      name: `model-${numbered(place + 1)}-of-${numbered(all.length)}.safetensors`,
      tensors,
    }),
  );
  const homes = shards.flatMap(({ name, tensors }) => tensors.map(([tensor]) => [tensor, name] as const));
  writeFolder(folder, {
    'model.safetensors.index.json': { metadata: {}, weight_map: Object.fromEntries(homes) },
    'config.json': configuration(shape),
    'tokenizer_config.json': {
      tokenizer_class: 'LlamaTokenizer',
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      added_tokens_decoder: {
        [IMAGE_TOKEN]: { content: '<image>', special: true },
        [PAD_TOKEN]: { content: '<pad>', special: true },
      },
    },
    'tokenizer.model': tokenizerModel(llama2Pieces().map(({ text, score, type }) => [text, score, type])),
  });
  for (const { name, tensors } of shards) writeShard(join(folder, name), tensors, numbers);
}

function languageTensors({ text: { width, blocks, feedForward } }: PairShape): Named[] {
  const top = 'language_model.model';
  const block = (name: string): Named[] => [
    ...['q', 'k', 'v', 'o'].map((part): Named => [`${name}.self_attn.${part}_proj.weight`, [width, width]]),
    ...['gate', 'up'].map((part): Named => [`${name}.mlp.${part}_proj.weight`, [feedForward, width]]),
    [`${name}.mlp.down_proj.weight`, [width, feedForward]],
    [`${name}.input_layernorm.weight`, [width]],
    [`${name}.post_attention_layernorm.weight`, [width]],
  ];
  return [
    [`${top}.embed_tokens.weight`, [ROWS, width]],
    ...Array.from({ length: blocks }, (_, number) => block(`${top}.layers.${number}`)).flat(),
    [`${top}.norm.weight`, [width]],
    ['language_model.lm_head.weight', [ROWS, width]],
  ];
}

function visionTensors({ text, vision }: PairShape): Named[] {
  const { visionWidth = 0, visionHidden = 0, imageSize = 0, patchSize = 1 } = vision;
  const top = 'vision_tower.vision_model';
  const both = (name: string, outputs: number, ...inputs: number[]): Named[] => [
    [`${name}.weight`, [outputs, ...inputs]],
    [`${name}.bias`, [outputs]],
  ];
  const layers = Array.from({ length: layersOf(vision) }, (_, number) => `${top}.encoder.layers.${number}`);
  return [
    [`${top}.embeddings.class_embedding`, [visionWidth]],
    [`${top}.embeddings.patch_embedding.weight`, [visionWidth, 3, patchSize, patchSize]],
    [`${top}.embeddings.position_embedding.weight`, [(imageSize / patchSize) ** 2 + 1, visionWidth]],
    ...['pre_layrnorm', 'post_layernorm'].flatMap((name) => both(`${top}.${name}`, visionWidth)),
    ...layers.flatMap((name) => [
      ...['q', 'k', 'v', 'out'].flatMap((part) =>
        both(`${name}.self_attn.${part}_proj`, visionWidth, visionWidth),
      ),
      ...['layer_norm1', 'layer_norm2'].flatMap((part) => both(`${name}.${part}`, visionWidth)),
      ...both(`${name}.mlp.fc1`, visionHidden, visionWidth),
      ...both(`${name}.mlp.fc2`, visionWidth, visionHidden),
    ]),
    ...both('multi_modal_projector.linear_1', text.width, visionWidth),
    ...both('multi_modal_projector.linear_2', text.width, text.width),
  ];
}

/** The last one is stored, and not run. */
function layersOf({ blocks = 0 }: PairShape['vision']): number {
  return blocks + 1;
}

function configuration({ text, vision }: PairShape): object {
  return {
    architectures: ['LlavaForConditionalGeneration'],
    model_type: 'llava',
    image_token_index: IMAGE_TOKEN,
    projector_hidden_act: 'gelu',
    vision_feature_layer: -2,
    vision_feature_select_strategy: 'default',
    text_config: {
      model_type: 'llama',
      hidden_size: text.width,
      intermediate_size: text.feedForward,
      num_hidden_layers: text.blocks,
      num_attention_heads: text.heads,
      num_key_value_heads: text.heads,
      max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      vocab_size: ROWS,
    },
    vision_config: {
      model_type: 'clip_vision_model',
      hidden_size: vision.visionWidth,
      intermediate_size: vision.visionHidden,
      num_hidden_layers: layersOf(vision),
      num_attention_heads: vision.visionHeads,
      image_size: vision.imageSize,
      patch_size: vision.patchSize,
    },
  };
}

function intoShards(tensors: readonly Named[]): readonly (readonly Named[])[] {
  const shards: Named[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = countOf(tensor[1]) * BYTES_OF_HALF;
    if (bytes + size > SHARD_BYTES) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += size;
  }
  return shards;
}

/** Every tensor is a part of the same numbers: what they hold makes no difference to how long they take. */
function writeShard(path: string, tensors: readonly Named[], numbers: Uint8Array): void {
  const { header } = packTensors(Object.fromEntries(tensors), 'F16', BYTES_OF_HALF);
  const file = openSync(path, 'w');
  writeSync(file, safetensorsBytes(header, new Uint8Array()));
  for (const [, shape] of tensors) writeSync(file, numbers.subarray(0, countOf(shape) * BYTES_OF_HALF));
  closeSync(file);
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The sum of four bytes is near enough to normal; quantising takes about as long as with real weights. */
function randomHalves(count: number): Uint8Array {
  const deviation = Math.sqrt((4 * (256 ** 2 - 1)) / 12);
  const halves = Uint16Array.from({ length: 4 * 255 + 1 }, (_, sum) =>
    toHalf(((sum - 510) / deviation) * SCALE),
  );
  const random = randomFillSync(Buffer.alloc(4 * count));
  const numbers = new Uint16Array(count);
  for (let index = 0; index < count; index++) {
    const place = 4 * index;
    const [a = 0, b = 0, c = 0, d = 0] = [
      random[place],
      random[place + 1],
      random[place + 2],
      random[place + 3],
    ];
    numbers[index] = halves[a + b + c + d] ?? 0;
  }
  return new Uint8Array(numbers.buffer);
}

function numbered(place: number): string {
  return String(place).padStart(5, '0');
}
