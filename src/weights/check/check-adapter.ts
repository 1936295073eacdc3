import { quote } from '../../llava/quote.js';
import { readGgufHeader, type GgufHeader } from '../gguf/gguf-header.js';
import type { GgufTensor } from '../gguf/parse-gguf.js';
import { textAt } from './header-fields.js';
import { weightsError } from '../weights-error.js';

const REMEDY =
  'Convert the adapter with llama.cpp’s convert_lora_to_gguf.py, for exactly this language model.';

/**
 * Checks from the headers alone that a file is a LoRA adapter to a language model: each of its matrices comes in two
 * parts, [in, rank] and [rank, out], for a matrix [in, out] of the model.
 * @throws ExpectedError 'weights': missing or damaged files, other kinds of files, adapters to other models
 */
export async function checkAdapter(path: string, modelPath: string): Promise<void> {
  const [adapter, model] = await Promise.all([readGgufHeader(path), readGgufHeader(modelPath)]);
  if (textAt(adapter, 'general.type') !== 'adapter' || textAt(adapter, 'adapter.type') !== 'lora')
    throw weightsError(path, 'is not a LoRA adapter', REMEDY);
  const [made, wanted] = [adapter, model].map((header) => textAt(header, 'general.architecture'));
  if (made !== wanted)
    throw weightsError(
      path,
      `is made for ${quote(made ?? '')}, and ${quote(modelPath)} is ${quote(wanted ?? '')}`,
      REMEDY,
    );
  checkAlpha(adapter);
  for (const tensor of adapter.tensors.values()) checkPart(adapter, tensor, model);
}

/** llama.cpp ends the whole process when it is stored as anything else. */
function checkAlpha({ path, types }: GgufHeader): void {
  const type = types.get('adapter.lora.alpha') ?? 'f32';
  if (type !== 'f32')
    throw weightsError(path, `is not usable: "adapter.lora.alpha" is stored as ${type}, not as f32`, REMEDY);
}

/** Number formats of an adapter's parts: those that convert_lora_to_gguf.py writes. */
const FORMATS: readonly string[] = ['f32', 'f16', 'bf16', 'q8_0'];

function checkPart(
  { path, tensors }: GgufHeader,
  { name, shape, type }: GgufTensor,
  model: GgufHeader,
): void {
  const [, target, part] = /^(.+)\.lora_([ab])$/.exec(name) ?? [];
  const matrix = target === undefined ? undefined : model.tensors.get(target);
  if (target === undefined || matrix?.shape.length !== 2)
    throw weightsError(path, `changes ${quote(name)}, which is no matrix of the model`, REMEDY);
  const other = tensors.get(`${target}.lora_${part === 'a' ? 'b' : 'a'}`);
  if (other === undefined) throw weightsError(path, `lacks the other part of ${quote(name)}`, REMEDY);
  const found = `its ${quote(name)} is ${shape.join('×')} numbers of format ${type}`;
  if (!FORMATS.includes(type)) throw weightsError(path, `is not usable: ${found}`, REMEDY);
  const places = target === EMBEDDINGS ? PLACES_OF_EMBEDDINGS : PLACES;
  const { inside, outside, of } = places[part === 'a' ? 'a' : 'b'];
  const rank = shape[inside] ?? 0;
  const otherRank = other.shape[places[part === 'a' ? 'b' : 'a'].inside];
  if (shape.length === 2 && rank > 0 && rank === otherRank && shape[outside] === matrix.shape[of]) return;
  const wanted = `where the model’s ${quote(target)} is ${matrix.shape.join('×')}`;
  throw weightsError(
    path,
    `does not fit: ${found}, ${wanted} and its other part ${other.shape.join('×')}`,
    REMEDY,
  );
}

const EMBEDDINGS = 'token_embd.weight';

interface Place {
  /** Dimension of the part that is its rank, which both parts have in common. */
  readonly inside: number;
  /** The other one, and the matrix's dimension that it is equal to. */
  readonly outside: number;
  readonly of: number;
}

/** The first part takes the matrix's input, the second gives its output. */
const PLACES: Readonly<Record<'a' | 'b', Place>> = {
  a: { inside: 1, outside: 0, of: 0 },
  b: { inside: 0, outside: 1, of: 1 },
};
/** Embeddings are looked up, not multiplied: [rank, tokens], [rank, width]. */
const PLACES_OF_EMBEDDINGS: typeof PLACES = {
  a: { inside: 0, outside: 1, of: 1 },
  b: { inside: 0, outside: 1, of: 0 },
};
