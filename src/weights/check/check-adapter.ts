import { quote } from '../../llava/quote.js';
import { readGgufHeader, type GgufHeader } from '../gguf/gguf-header.js';
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
  for (const [name, { shape }] of adapter.tensors) checkPart(path, name, shape, model);
}

function checkPart(path: string, name: string, shape: readonly number[], model: GgufHeader): void {
  const [, target, part] = /^(.+)\.lora_([ab])$/.exec(name) ?? [];
  const matrix = target === undefined ? undefined : model.tensors.get(target);
  if (target === undefined || matrix === undefined)
    throw weightsError(path, `changes ${quote(name)}, which the model does not have`, REMEDY);
  // The first part takes the matrix's input, the second gives its output.
  const place = part === 'a' ? 0 : 1;
  if (shape[place] === matrix.shape[place]) return;
  const found = `${shape.join('×')} where the model’s ${quote(target)} is ${matrix.shape.join('×')}`;
  throw weightsError(path, `does not fit: its ${quote(name)} is ${found}`, REMEDY);
}
