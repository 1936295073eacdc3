import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import type { GgufTensor } from '../gguf/parse-gguf.js';
import { weightsError } from '../weights-error.js';
import { tensorAt } from './header-fields.js';

/** Sizes of a language model of LLaMA's kind. */
export interface TextShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyHeads: number;
  /** Numbers of a head's query, key and value. */
  readonly headWidth: number;
  /** Numbers between the two matrices of a block's feed-forward half. */
  readonly hidden: number;
  readonly vocabularySize: number;
}

/** Number formats that llama.cpp keeps for sums and places and cannot multiply with. Source: v0.5.0, ggml-cpu.c. */
const NOT_FOR_MATRICES: readonly string[] = ['q8_1', 'q8_K', 'i8', 'i16', 'i32', 'i64', 'f64'];

/**
 * Checks that every tensor has the shape that the metadata promise, and a number format that llama.cpp computes with:
 * it ends the whole process on the others, while it answers.
 * @throws ExpectedError 'weights'
 */
export function checkTextTensors(header: GgufHeader, shape: TextShape, hint: string): void {
  const { width, layers, vocabularySize } = shape;
  const has = (name: string) => header.tensors.has(name);
  const check = (name: string, ...wanted: number[]) => tensorAt(header, name, wanted, hint);
  check('token_embd.weight', width, vocabularySize);
  check('output_norm.weight', width);
  if (has('output.weight')) check('output.weight', width, vocabularySize);
  const queries = shape.heads * shape.headWidth;
  const keys = shape.keyHeads * shape.headWidth;
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    check(`${block}.attn_norm.weight`, width);
    if (has(`${block}.attn_qkv.weight`)) {
      check(`${block}.attn_qkv.weight`, width, queries + 2 * keys);
    } else {
      check(`${block}.attn_q.weight`, width, queries);
      check(`${block}.attn_k.weight`, width, keys);
      check(`${block}.attn_v.weight`, width, keys);
    }
    check(`${block}.attn_output.weight`, queries, width);
    check(`${block}.ffn_norm.weight`, width);
    check(`${block}.ffn_gate.weight`, width, shape.hidden);
    check(`${block}.ffn_up.weight`, width, shape.hidden);
    check(`${block}.ffn_down.weight`, shape.hidden, width);
  }
  for (const tensor of header.tensors.values()) checkFormat(header.path, tensor, hint);
}

/** Matrices come in many formats; norms, biases and scales only as 32-bit floats. */
function checkFormat(path: string, { name, shape, type }: GgufTensor, hint: string): void {
  const isUsable =
    shape.length === 2 ? !NOT_FOR_MATRICES.includes(type) : shape.length === 1 && type === 'f32';
  if (isUsable) return;
  const problem = `is not usable: tensor ${quote(name)} is ${shape.join('×')} numbers of format ${type}`;
  throw weightsError(path, problem, hint);
}
