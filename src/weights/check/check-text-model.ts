import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import { checkBlocks, countAt, lengthAt, mainType, tensorAt, textAt } from './header-fields.js';
import { weightsError } from '../weights-error.js';

/** A language model of LLaVA-1.5's kind. */
export interface TextModelInfo {
  readonly path: string;
  readonly bytes: number;
  readonly name: string | undefined;
  /** Numbers a token is made of: 4096 for 7B, 5120 for 13B. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values: fewer than `heads` where several share one. */
  readonly keyHeads: number;
  /** Tokens that the model was made for. */
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** The number format of most weights, such as `q4_K`. */
  readonly type: string;
}

const HINT = 'Use a GGUF file of LLaVA-1.5 7B or 13B.';

/**
 * Checks that a header is that of a language model which can understand LLaVA-1.5's prompt: LLaMA's architecture
 * and LLaMA's SentencePiece vocabulary, in one whole file.
 * @throws ExpectedError 'weights'
 */
export function checkTextModel(header: GgufHeader): TextModelInfo {
  const architecture = textAt(header, 'general.architecture');
  if (architecture !== 'llama') {
    const found = architecture === undefined ? 'of no stated architecture' : quote(architecture);
    throw weightsError(header.path, `is ${found}; LLaVA-1.5 needs a language model of "llama"`, HINT);
  }
  checkWhole(header);
  const tokenizer = textAt(header, 'tokenizer.ggml.model');
  if (tokenizer !== 'llama') {
    const found = tokenizer === undefined ? 'no vocabulary' : `the vocabulary ${quote(tokenizer)}`;
    throw weightsError(header.path, `has ${found}; LLaVA-1.5 needs that of "llama"`, HINT);
  }
  const width = countAt(header, 'llama.embedding_length', HINT);
  const layers = countAt(header, 'llama.block_count', HINT);
  const vocabularySize = lengthAt(header, 'tokenizer.ggml.tokens') ?? 0;
  tensorAt(header, 'token_embd.weight', [width, vocabularySize], HINT);
  tensorAt(header, 'output_norm.weight', [width], HINT);
  checkBlocks(header, 'blk.', layers, HINT);
  checkWhatLlamaCppTrusts(header);
  const heads = countAt(header, 'llama.attention.head_count', HINT);
  const sharesKeys = header.metadata.has('llama.attention.head_count_kv');
  return {
    path: header.path,
    bytes: header.fileBytes,
    name: textAt(header, 'general.name'),
    width,
    layers,
    heads,
    keyHeads: sharesKeys ? countAt(header, 'llama.attention.head_count_kv', HINT) : heads,
    contextLength: countAt(header, 'llama.context_length', HINT),
    vocabularySize,
    type: mainType(header),
  };
}

function checkWhole(header: GgufHeader): void {
  const parts = header.metadata.get('split.count');
  if (typeof parts !== 'number' || parts <= 1) return;
  const hint = 'Join the parts first: llama-gguf-split --merge FIRST-PART WHOLE.gguf';
  throw weightsError(header.path, `is one of ${parts} parts of a model`, hint);
}

const ROPE_SCALINGS = ['none', 'linear', 'yarn', 'longrope'];

/** llama.cpp v0.5.0 ends the whole process, by an assertion, on each of these. */
function checkWhatLlamaCppTrusts(header: GgufHeader): void {
  const refuse = (problem: string) => weightsError(header.path, `is not usable: ${problem}`, HINT);
  countAt(header, 'llama.feed_forward_length', HINT);
  const epsilon = header.metadata.get('llama.attention.layer_norm_rms_epsilon');
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
    throw refuse(
      `"llama.attention.layer_norm_rms_epsilon" is ${JSON.stringify(epsilon)}, not between 0 and 1`,
    );
  }
  const scaling = textAt(header, 'llama.rope.scaling.type');
  if (scaling !== undefined && !ROPE_SCALINGS.includes(scaling)) {
    throw refuse(`"llama.rope.scaling.type" is ${quote(scaling)}, not one of ${ROPE_SCALINGS.join(', ')}`);
  }
  const experts = header.metadata.get('llama.expert_count');
  if (experts !== undefined && experts !== 0)
    throw refuse('it is a mixture of experts, which LLaVA-1.5 is not');
  const tokens = header.metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens === 'object' && tokens.repeated !== undefined) {
    throw refuse(`its vocabulary has the token ${quote(tokens.repeated)} twice`);
  }
}
