import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packTensors, safetensorsBytes } from './safetensors-bytes.js';

/** Shapes by name; all numbers are zero. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

const HIDDEN = 8;
const ROWS = 6;

/** Of a Llama with one layer, by the names of LlamaForCausalLM. */
export const TEXT: Shapes = {
  'model.embed_tokens.weight': [ROWS, HIDDEN],
  'model.layers.0.input_layernorm.weight': [HIDDEN],
  'model.layers.0.post_attention_layernorm.weight': [HIDDEN],
  'model.layers.0.self_attn.q_proj.weight': [HIDDEN, HIDDEN],
  'model.layers.0.self_attn.k_proj.weight': [4, HIDDEN],
  'model.layers.0.self_attn.v_proj.weight': [4, HIDDEN],
  'model.layers.0.self_attn.o_proj.weight': [HIDDEN, HIDDEN],
  'model.layers.0.mlp.gate_proj.weight': [12, HIDDEN],
  'model.layers.0.mlp.up_proj.weight': [12, HIDDEN],
  'model.layers.0.mlp.down_proj.weight': [HIDDEN, 12],
  'model.norm.weight': [HIDDEN],
  'lm_head.weight': [ROWS, HIDDEN],
};

const WIDTH = 64;

/** Of CLIP with one block and four patches, by the names of CLIPVisionModel behind `vision_model.`. */
export const TOWER: Shapes = {
  'vision_model.embeddings.class_embedding': [WIDTH],
  'vision_model.embeddings.patch_embedding.weight': [WIDTH, 3, 2, 2],
  'vision_model.embeddings.position_embedding.weight': [5, WIDTH],
  'vision_model.embeddings.position_ids': [1, 5],
  'vision_model.pre_layrnorm.weight': [WIDTH],
  'vision_model.pre_layrnorm.bias': [WIDTH],
  'vision_model.post_layernorm.weight': [WIDTH],
  'vision_model.post_layernorm.bias': [WIDTH],
  ...Object.fromEntries(
    [
      'self_attn.q_proj',
      'self_attn.k_proj',
      'self_attn.v_proj',
      'self_attn.out_proj',
      'mlp.fc1',
      'mlp.fc2',
    ].flatMap((name) => [
      [
        `vision_model.encoder.layers.0.${name}.weight`,
        name === 'mlp.fc1' ? [10, WIDTH] : name === 'mlp.fc2' ? [WIDTH, 10] : [WIDTH, WIDTH],
      ],
      [`vision_model.encoder.layers.0.${name}.bias`, [name === 'mlp.fc1' ? 10 : WIDTH]],
    ]),
  ),
  ...Object.fromEntries(
    ['layer_norm1.weight', 'layer_norm1.bias', 'layer_norm2.weight', 'layer_norm2.bias'].map((name) => [
      `vision_model.encoder.layers.0.${name}`,
      [WIDTH],
    ]),
  ),
};

export const PROJECTOR: Shapes = {
  'linear_1.weight': [HIDDEN, WIDTH],
  'linear_1.bias': [HIDDEN],
  'linear_2.weight': [HIDDEN, HIDDEN],
  'linear_2.bias': [HIDDEN],
};

export const TEXT_CONFIG = {
  hidden_size: HIDDEN,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: ROWS,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
};

export const VISION_CONFIG = {
  model_type: 'clip_vision_model',
  hidden_size: WIDTH,
  intermediate_size: 10,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  image_size: 4,
  patch_size: 2,
};

/** config.json of the authors' layout. */
export const AUTHORS_CONFIG = {
  architectures: ['LlavaLlamaForCausalLM'],
  model_type: 'llava_llama',
  ...TEXT_CONFIG,
  mm_projector_type: 'mlp2x_gelu',
  mm_vision_tower: 'openai/clip-vit-large-patch14-336',
  mm_vision_select_layer: -2,
  mm_vision_select_feature: 'patch',
  image_aspect_ratio: 'pad',
};

/** config.json of transformers' layout. */
export const TRANSFORMERS_CONFIG = {
  architectures: ['LlavaForConditionalGeneration'],
  model_type: 'llava',
  text_config: { model_type: 'llama', ...TEXT_CONFIG },
  vision_config: VISION_CONFIG,
  vision_feature_layer: -2,
  vision_feature_select_strategy: 'default',
  image_token_index: 5,
};

export function renamed(shapes: Shapes, rename: (name: string) => string): Shapes {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [rename(name), shape]));
}

/** The authors' names: the tower elsewhere. */
export const AUTHORS_TENSORS: Shapes = {
  ...TEXT,
  'model.layers.0.self_attn.rotary_emb.inv_freq': [1],
  ...renamed(PROJECTOR, (name) =>
    name.replace('linear_1', 'model.mm_projector.0').replace('linear_2', 'model.mm_projector.2'),
  ),
};

/** Transformers' names before version 5. */
export const TRANSFORMERS_TENSORS: Shapes = {
  ...renamed(TEXT, (name) => `language_model.${name}`),
  ...renamed(TOWER, (name) => `vision_tower.${name}`),
  ...renamed(PROJECTOR, (name) => `multi_modal_projector.${name}`),
};

/** A file of zeros. */
export function zeros(shapes: Shapes, dtype = 'F32'): Buffer {
  const { header, bytes } = packTensors(shapes, dtype, dtype === 'F32' ? 4 : 1);
  return safetensorsBytes(header, new Uint8Array(bytes));
}

/** A `tokenizer.model` of these pieces: SentencePiece's ModelProto. */
export function tokenizerModel(
  pieces: readonly (readonly [text: string, score: number, type: number])[],
): Buffer {
  return Buffer.concat(
    pieces.map(([text, score, type]) => {
      const bytes = Buffer.from(text);
      const number = Buffer.alloc(4);
      number.writeFloatLE(score);
      const piece = Buffer.concat([
        Buffer.from([0x0a, bytes.length]),
        bytes,
        Buffer.from([0x15]),
        number,
        Buffer.from([0x18, type]),
      ]);
      return Buffer.concat([Buffer.from([0x0a, piece.length]), piece]);
    }),
  );
}

export const PIECES = tokenizerModel([
  ['<unk>', 0, 2],
  ['<s>', 0, 3],
  ['</s>', 0, 3],
  ['▁a', -1, 1],
]);

/** Files by name: objects become JSON. */
export type FolderFiles = Readonly<Record<string, object | Buffer>>;

/** Writes a folder anew. */
export function writeFolder(folder: string, files: FolderFiles): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return folder;
}

export const AUTHORS: FolderFiles = {
  'config.json': AUTHORS_CONFIG,
  'model.safetensors': zeros(AUTHORS_TENSORS),
  'tokenizer.model': PIECES,
};

export const TRANSFORMERS: FolderFiles = {
  'config.json': TRANSFORMERS_CONFIG,
  'model.safetensors': zeros(TRANSFORMERS_TENSORS),
  'tokenizer.model': PIECES,
};
