import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import { checkTextTensors, type TextShape } from './check-text-tensors.js';
import { checkTrustedFacts } from './check-trusted-facts.js';
import { findForm, type FormFinding } from './find-form.js';
import { findPreTokenizer } from './find-pre-tokenizer.js';
import { checkVocabulary } from './check-vocabulary.js';
import { checkBlocks, countAt, mainType, textAt } from './header-fields.js';
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
  /** What its vocabulary is made of: SentencePiece’s pieces (`llama`) or byte pairs (`gpt2`). */
  readonly vocabularyKind: 'llama' | 'gpt2';
  /** How its text is cut into words, where the file does not say it and its vocabulary tells. */
  readonly preTokenizer: string | undefined;
  /** What is wrong with how it reads texts, in a sentence; nothing most of the time. */
  readonly warning: string | undefined;
  /** How it was trained to talk, as far as its file tells. */
  readonly form: FormFinding;
  /** The number format of most weights, such as `q4_K`. */
  readonly type: string;
}

const HINT = 'Use a GGUF file of LLaVA-1.5 7B or 13B.';

/**
 * Checks that a header is that of a language model which can understand prompts of LLaVA-1.5's kind: LLaMA's
 * architecture, and the vocabulary of LLaMA-2's or Llama 3's kind, in one whole file.
 * @throws ExpectedError 'weights'
 */
export function checkTextModel(header: GgufHeader): TextModelInfo {
  const architecture = textAt(header, 'general.architecture');
  if (architecture !== 'llama') {
    const found = architecture === undefined ? 'of no stated architecture' : quote(architecture);
    throw weightsError(header.path, `is ${found}; LLaVA-1.5 needs a language model of "llama"`, HINT);
  }
  checkWhole(header);
  const vocabulary = checkVocabulary(header, HINT);
  const vocabularySize = vocabulary.texts.length;
  checkTrustedFacts(header, HINT);
  const shape = { ...readShape(header), vocabularySize };
  checkBlocks(header, 'blk.', shape.layers, HINT);
  checkTextTensors(header, shape, HINT);
  return {
    path: header.path,
    bytes: header.fileBytes,
    name: textAt(header, 'general.name'),
    width: shape.width,
    layers: shape.layers,
    heads: shape.heads,
    keyHeads: shape.keyHeads,
    contextLength: countAt(header, 'llama.context_length', HINT),
    vocabularySize,
    vocabularyKind: vocabulary.kind,
    ...findPreTokenizer(header, vocabulary),
    form: findForm(header),
    type: mainType(header),
  };
}

function checkWhole(header: GgufHeader): void {
  const parts = header.metadata.get('split.count');
  if (typeof parts !== 'number' || parts <= 1) return;
  const hint = 'Join the parts first: llama-gguf-split --merge FIRST-PART WHOLE.gguf';
  throw weightsError(header.path, `is one of ${parts} parts of a model`, hint);
}

/** llama.cpp's `LLAMA_MAX_LAYERS`, of v0.5.0. */
const MOST_LAYERS = 512;

function readShape(header: GgufHeader): Omit<TextShape, 'vocabularySize'> {
  const width = countAt(header, 'llama.embedding_length', HINT);
  const layers = countAt(header, 'llama.block_count', HINT);
  const heads = countAt(header, 'llama.attention.head_count', HINT);
  const orElse = (key: string, otherwise: number) =>
    header.metadata.has(key) ? countAt(header, key, HINT) : otherwise;
  const keyHeads = orElse('llama.attention.head_count_kv', heads);
  const headWidth = orElse('llama.attention.key_length', Math.floor(width / heads));
  const hidden = countAt(header, 'llama.feed_forward_length', HINT);
  const refuse = (problem: string) => weightsError(header.path, `is not usable: ${problem}`, HINT);
  if (layers > MOST_LAYERS) throw refuse(`it has ${layers} blocks, and ${MOST_LAYERS} is the most`);
  if (heads % keyHeads !== 0) throw refuse(`${heads} heads cannot share ${keyHeads} heads of keys`);
  if (headWidth === 0 || headWidth % 2 !== 0)
    throw refuse(`its heads are ${headWidth} wide, not an even number`);
  for (const key of ['llama.attention.value_length', 'llama.rope.dimension_count']) {
    const length = orElse(key, headWidth);
    if (length !== headWidth) throw refuse(`${quote(key)} is ${length}, and its heads are ${headWidth} wide`);
  }
  return { width, layers, heads, keyHeads, headWidth, hidden };
}
