import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dequantise } from '../reference/dequantise.js';
import { readGguf, type GgufFile, type GgufTensor } from '../reference/gguf-reader.js';
import { packTensors, safetensorsBytes } from '../checkpoints/safetensors-bytes.js';
import { projectFile } from './run-llava.js';

/** The demo model as transformers would have saved it, in float32: made of its GGUF files as test/vllm/checkpoint.py does. */
export function writeDemoCheckpoint(parent: string): string {
  const folder = join(parent, 'demo');
  mkdirSync(folder, { recursive: true });
  cpSync(projectFile('test/fixtures/demo-checkpoint'), folder, { recursive: true });
  const tensors = new Map([...languageModel(), ...visionTower()]);
  const shapes = [...tensors].map(([name, { shape }]) => [name, shape] as const);
  const { header } = packTensors(Object.fromEntries(shapes), 'F32', 4);
  const data = Buffer.concat([...tensors.values()].map(({ values }) => Buffer.from(values.buffer)));
  writeFileSync(join(folder, 'model.safetensors'), safetensorsBytes(header, data));
  return folder;
}

interface Tensor {
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

type Named = readonly [name: string, tensor: Tensor];

/** Rows for the token that stands for a picture, and what the tokens are padded with. */
const ROWS = 958;

function floats({ shape, type, bytes }: GgufTensor): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape: shape.toReversed(), values: Float32Array.from(dequantise(type, bytes, count)) };
}

function languageModel(): readonly Named[] {
  const file = readGguf(projectFile('models/demo/model.gguf'));
  const take = (name: string) => floats(file.tensors.get(name)!);
  const heads = Number(file.metadata.get('llama.attention.head_count'));
  const layers = Array.from(
    { length: Number(file.metadata.get('llama.block_count')) },
    (_, layer): Named[] => {
      const [from, to] = [`blk.${layer}.`, `language_model.model.layers.${layer}.`];
      return [
        [`${to}self_attn.q_proj.weight`, halvesApart(take(`${from}attn_q.weight`), heads)],
        [`${to}self_attn.k_proj.weight`, halvesApart(take(`${from}attn_k.weight`), heads)],
        [`${to}self_attn.v_proj.weight`, take(`${from}attn_v.weight`)],
        [`${to}self_attn.o_proj.weight`, take(`${from}attn_output.weight`)],
        [`${to}mlp.gate_proj.weight`, take(`${from}ffn_gate.weight`)],
        [`${to}mlp.up_proj.weight`, take(`${from}ffn_up.weight`)],
        [`${to}mlp.down_proj.weight`, take(`${from}ffn_down.weight`)],
        [`${to}input_layernorm.weight`, take(`${from}attn_norm.weight`)],
        [`${to}post_attention_layernorm.weight`, take(`${from}ffn_norm.weight`)],
      ];
    },
  );
  return [
    ['language_model.model.embed_tokens.weight', padded(take('token_embd.weight'))],
    ['language_model.lm_head.weight', padded(take('output.weight'))],
    ['language_model.model.norm.weight', take('output_norm.weight')],
    ...layers.flat(),
  ];
}

function padded({ shape, values }: Tensor): Tensor {
  const width = shape[1]!;
  const longer = new Float32Array(ROWS * width);
  longer.set(values);
  return { shape: [ROWS, width], values: longer };
}

/** llama.cpp keeps the two halves of a head that are turned against each other side by side. */
function halvesApart({ shape, values }: Tensor, heads: number): Tensor {
  const [rows, columns] = shape as [number, number];
  const size = rows / heads;
  const apart = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % size;
    const target = row - inHead + (inHead % 2) * (size / 2) + Math.floor(inHead / 2);
    apart.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return { shape, values: apart };
}

function visionTower(): readonly Named[] {
  const file = readGguf(projectFile('models/demo/mmproj.gguf'));
  const take = (name: string) => floats(file.tensors.get(name)!);
  const tower = 'vision_tower.vision_model.';
  const blocks = Number(file.metadata.get('clip.vision.block_count'));
  const named: Named[] = [
    [`${tower}embeddings.class_embedding`, take('v.class_embd')],
    [`${tower}embeddings.patch_embedding.weight`, take('v.patch_embd.weight')],
    [`${tower}embeddings.position_embedding.weight`, take('v.position_embd.weight')],
  ];
  const names = { ...BLOCK_NAMES, ...mlpNames(file) };
  for (const kind of ['weight', 'bias']) {
    named.push([`${tower}pre_layrnorm.${kind}`, take(`v.pre_ln.${kind}`)]);
    named.push([`${tower}post_layernorm.${kind}`, take(`v.pre_ln.${kind}`)]);
    named.push([`multi_modal_projector.linear_1.${kind}`, take(`mm.0.${kind}`)]);
    named.push([`multi_modal_projector.linear_2.${kind}`, take(`mm.2.${kind}`)]);
    // One block more than is run: what is in it has no effect.
    for (let block = 0; block <= blocks; block++)
      for (const [clip, gguf] of Object.entries(names))
        named.push([
          `${tower}encoder.layers.${block}.${clip}.${kind}`,
          take(`v.blk.${Math.min(block, blocks - 1)}.${gguf}.${kind}`),
        ]);
  }
  return named;
}

const BLOCK_NAMES = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.out_proj': 'attn_out',
  layer_norm1: 'ln1',
  layer_norm2: 'ln2',
};

/** Older files call the matrix that widens `ffn_down`. */
function mlpNames({ metadata, tensors }: GgufFile): Readonly<Record<string, string>> {
  const width = Number(metadata.get('clip.vision.embedding_length'));
  const isNew = tensors.get('v.blk.0.ffn_up.weight')!.shape[0] === width;
  return isNew
    ? { 'mlp.fc1': 'ffn_up', 'mlp.fc2': 'ffn_down' }
    : { 'mlp.fc1': 'ffn_down', 'mlp.fc2': 'ffn_up' };
}
