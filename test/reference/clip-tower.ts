import {
  addRows,
  applyLinear,
  countRows,
  exactGelu,
  layerNorm,
  mapValues,
  quickGelu,
  rowOf,
  softmax,
  tanhGelu,
  type Rows,
} from './arithmetic.js';
import { attend } from './attention.js';
import { embedPatches } from './clip-embeddings.js';
import { floatsOf, numberOf, tensorOf, type GgufFile } from './gguf-reader.js';
import type { TowerFault } from './tower-faults.js';

/**
 * Image features of LLaVA-1.5 in plain float64: [tokens, width], row by row.
 *
 * CLIP's ViT (Radford et al., 2021; OpenAI's model.py, `VisionTransformer`): class token and patches plus
 * positions, pre-norm, then blocks x + attention(ln_1(x)), x + mlp(ln_2(x)) with quick GELU. LLaVA-1.5
 * (Liu et al., 2023) takes the second-last hidden state, drops the class row and applies linear, exact
 * GELU, linear.
 *
 * @param pixels imageSize² RGB bytes, row by row.
 * @param fault one mistake to make on purpose.
 */
export function imageFeatures(file: GgufFile, pixels: Uint8Array, fault?: TowerFault): Float64Array {
  let hidden = hiddenAfter(file, pixels, blocksToRun(file, fault), fault);
  if (fault === 'post-layer-norm') {
    hidden = norm(file, hidden, 'v.post_ln');
  }
  return project(file, withoutClassRow(hidden, fault), fault).data;
}

/** What the class token attends to in the last block that is run: the mean of its heads' shares, one a patch. */
export function classAttention(file: GgufFile, pixels: Uint8Array): Float64Array {
  const last = blocksToRun(file) - 1;
  const name = `v.blk.${last}`;
  const x = norm(file, hiddenAfter(file, pixels, last), `${name}.ln1`);
  const heads = numberOf(file, 'clip.vision.attention.head_count');
  const [q, k] = [multiply(file, `${name}.attn_q`, x), multiply(file, `${name}.attn_k`, x)];
  const size = q.width / heads;
  const mean = new Float64Array(countRows(k) - 1);
  for (let head = 0; head < heads; head++) {
    const scores = Float64Array.from({ length: countRows(k) }, (_, row) => {
      let sum = 0;
      for (let d = head * size; d < (head + 1) * size; d++) sum += rowOf(q, 0)[d]! * rowOf(k, row)[d]!;
      return sum / Math.sqrt(size);
    });
    softmax(scores)
      .slice(1)
      .forEach((share, patch) => {
        mean[patch]! += share / heads;
      });
  }
  return mean;
}

function hiddenAfter(file: GgufFile, pixels: Uint8Array, blocks: number, fault?: TowerFault): Rows {
  const embedded = embedPatches(file, pixels, fault);
  let hidden = fault === 'pre-layer-norm-missing' ? embedded : norm(file, embedded, 'v.pre_ln');
  for (let block = 0; block < blocks; block++) {
    const name = `v.blk.${block}`;
    hidden = addRows(hidden, selfAttention(file, name, norm(file, hidden, `${name}.ln1`), fault));
    hidden = addRows(hidden, perceptron(file, name, norm(file, hidden, `${name}.ln2`), fault));
  }
  return hidden;
}

function norm(file: GgufFile, x: Rows, name: string): Rows {
  const epsilon = numberOf(file, 'clip.vision.attention.layer_norm_epsilon');
  return layerNorm(x, floatsOf(file, `${name}.weight`), floatsOf(file, `${name}.bias`), epsilon);
}

/**
 * The second-last hidden state of CLIP-L comes after 23 of its 24 blocks. Files store 23 and all are run;
 * a file of width 1024 with 24 runs one fewer; hidden state n (0 = embeddings) may also be asked for.
 */
export function blocksToRun(file: GgufFile, fault?: TowerFault): number {
  const stored = numberOf(file, 'clip.vision.block_count');
  const width = numberOf(file, 'clip.vision.embedding_length');
  const asked = file.metadata.get('clip.vision.feature_layer');
  const layer = Array.isArray(asked) ? asked[0] : asked;
  const right = layer === undefined ? (width === 1024 && stored === 24 ? 23 : stored) : Number(layer);
  return right + (fault === 'one-block-fewer' ? -1 : fault === 'one-block-more' ? 1 : 0);
}

function selfAttention(file: GgufFile, name: string, x: Rows, fault?: TowerFault): Rows {
  const [query, key] = fault === 'swapped-query-and-key' ? ['attn_k', 'attn_q'] : ['attn_q', 'attn_k'];
  const heads = numberOf(file, 'clip.vision.attention.head_count');
  const q = multiply(file, `${name}.${query}`, x);
  const k = multiply(file, `${name}.${key}`, x);
  const v = multiply(file, `${name}.attn_v`, x);
  const rows = x.data.length / x.width;
  const unscaled = mapValues(q, (value) => value * Math.sqrt(q.width / heads));
  const shape = { heads, keyHeads: heads, seen: () => rows };
  const mixed = attend(fault === 'unscaled-attention' ? unscaled : q, k, v, shape);
  return multiply(file, `${name}.attn_out`, mixed);
}

/** Old exports call the widening matrix ffn_down, new ones ffn_up: whichever reads rows of this width is first. */
function perceptron(file: GgufFile, name: string, x: Rows, fault?: TowerFault): Rows {
  const [inputs, outputs] = tensorOf(file, `${name}.ffn_up.weight`).shape;
  const upIsFirst = inputs === x.width && outputs !== x.width;
  const [first, second] = upIsFirst ? ['ffn_up', 'ffn_down'] : ['ffn_down', 'ffn_up'];
  const activation = fault === 'exact-gelu-in-blocks' ? exactGelu : quickGelu;
  const inner = mapValues(multiply(file, `${name}.${first}`, x), activation);
  return multiply(file, `${name}.${second}`, inner);
}

/** [1 + tokens, width] → [tokens, width]: LLaVA's "patch" selection. */
function withoutClassRow(x: Rows, fault?: TowerFault): Rows {
  const { width, data } = x;
  if (fault === 'class-token-dropped') {
    return x;
  }
  return { width, data: fault === 'class-row-kept' ? data.slice(0, -width) : data.slice(width) };
}

function project(file: GgufFile, x: Rows, fault?: TowerFault): Rows {
  const activation =
    fault === 'tanh-gelu-in-projector'
      ? tanhGelu
      : fault === 'quick-gelu-in-projector'
        ? quickGelu
        : exactGelu;
  const inner = mapValues(multiply(file, 'mm.0', x), activation);
  return multiply(file, 'mm.2', inner);
}

function multiply(file: GgufFile, name: string, x: Rows): Rows {
  const [inputs = 0, outputs = 0] = tensorOf(file, `${name}.weight`).shape;
  const linear = {
    inputs,
    outputs,
    weight: floatsOf(file, `${name}.weight`),
    bias: floatsOf(file, `${name}.bias`),
  };
  return applyLinear(x, linear);
}
