import type { GgufHeader } from '../gguf/gguf-header.js';
import type { GgufTensor } from '../gguf/parse-gguf.js';
import { projectorWidth } from '../projector.js';

/** Some tensors of a file that go the same way: a block, the output, the token embedding. */
export interface WeightPart {
  readonly bytes: number;
  /** Bytes of its matrices by number format; norms and biases are not among them. */
  readonly matrices: ReadonlyMap<string, number>;
  /** Its largest matrix. */
  readonly largestBytes: number;
  /** Where it starts and ends in the file, other parts between included. */
  readonly start: number;
  readonly end: number;
}

/** What memory a language model takes is made of: all counts that the plan needs. */
export interface TextSizes {
  readonly fileBytes: number;
  readonly tokenEmbedding: WeightPart;
  readonly blocks: readonly WeightPart[];
  /** The last norm and the output matrix. */
  readonly output: WeightPart;
  readonly width: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Numbers of a position's keys in a block; as many are its values. */
  readonly keyWidth: number;
  readonly headWidth: number;
  /** Positions that the model was trained for. */
  readonly contextLength: number;
}

/** The same for a vision tower. */
export interface VisionSizes {
  readonly fileBytes: number;
  /** What its tensors take when loaded: the file's, with what is kept in float32. */
  readonly weightBytes: number;
  readonly positions: number;
  readonly width: number;
  readonly feedForward: number;
  readonly heads: number;
  /** Width of the image features, and of the layer between the projector's matrices. */
  readonly outputWidth: number;
}

export interface PairSizes {
  readonly text: TextSizes;
  readonly vision: VisionSizes;
}

/** Sizes from the headers of a pair that `checkPair` has found good. */
export function measurePair(model: GgufHeader, mmproj: GgufHeader): PairSizes {
  return { text: measureText(model), vision: measureVision(mmproj) };
}

function measureText({ tensors, metadata, fileBytes }: GgufHeader): TextSizes {
  const count = (key: string): number => Number(metadata.get(key) ?? 0);
  const all = [...tensors.values()];
  const width = count('llama.embedding_length');
  const heads = count('llama.attention.head_count');
  const headWidth = count('llama.attention.key_length') || width / heads;
  const keyHeads = count('llama.attention.head_count_kv') || heads;
  const tokenEmbedding = tensors.get('token_embd.weight');
  const output = tensors.get('output.weight') ?? tokenEmbedding;
  return {
    fileBytes,
    tokenEmbedding: sumPart(tokenEmbedding === undefined ? [] : [tokenEmbedding]),
    blocks: Array.from({ length: count('llama.block_count') }, (_, block) =>
      sumPart(all.filter(({ name }) => name.startsWith(`blk.${block}.`))),
    ),
    output: sumPart([
      ...(output === undefined ? [] : [output]),
      ...all.filter(({ name }) => name === 'output_norm.weight'),
    ]),
    width,
    feedForward: count('llama.feed_forward_length'),
    vocabulary: tokenEmbedding?.shape[1] ?? 0,
    keyWidth: keyHeads * headWidth,
    headWidth,
    contextLength: count('llama.context_length'),
  };
}

function measureVision(header: GgufHeader): VisionSizes {
  const { tensors, metadata, fileBytes } = header;
  const count = (key: string): number => Number(metadata.get(key) ?? 0);
  const width = count('clip.vision.embedding_length');
  const rows = ['v.blk.0.ffn_up.weight', 'v.blk.0.ffn_down.weight'].map(
    (name) => tensors.get(name)?.shape[1] ?? 0,
  );
  return {
    fileBytes,
    weightBytes: [...tensors.values()].reduce((sum, tensor) => sum + loadedBytes(tensor), 0),
    positions: (count('clip.vision.image_size') / count('clip.vision.patch_size')) ** 2 + 1,
    width,
    feedForward: Math.max(...rows),
    heads: count('clip.vision.attention.head_count'),
    outputWidth: projectorWidth(header),
  };
}

/** The tower keeps patches, positions, norms and biases in float32, whatever the file has. */
function loadedBytes({ name, shape, bytes }: GgufTensor): number {
  const isMatrix = name.endsWith('.weight') && shape.length === 2 && name !== 'v.position_embd.weight';
  return isMatrix ? bytes : 4 * shape.reduce((product, size) => product * size, 1);
}

/** The part that these tensors make. */
export function sumPart(tensors: readonly GgufTensor[]): WeightPart {
  const matrices = new Map<string, number>();
  for (const { shape, type, bytes } of tensors)
    if (shape.length === 2) matrices.set(type, (matrices.get(type) ?? 0) + bytes);
  return {
    bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    matrices,
    largestBytes: Math.max(0, ...tensors.map(({ bytes }) => bytes)),
    start: Math.min(...tensors.map(({ offset }) => offset)),
    end: Math.max(...tensors.map(({ offset, bytes }) => offset + bytes)),
  };
}
