import type { LoraCheckpoint, LoraPair } from '../../checkpoints/checkpoint.js';
import type { TextSettings } from '../../checkpoints/configuration/settings.js';
import { readFloats } from '../float-formats.js';
import { f32, text } from '../gguf/metadata.js';
import type { FloatFormat, PlannedFile, PlannedTensor } from '../gguf/planned-file.js';
import { planTensor, rowChunks, type NumberSource } from '../number-source.js';
import { refuseTensor } from '../refusals.js';
import { titleOf } from '../text/model-name.js';
import { rotaryOrder } from '../text/rotary-order.js';
import { isRotated, textName } from '../text/text-names.js';

/** How the model's heads lie in its matrices. */
export type HeadSettings = Pick<TextSettings, 'headSize'>;

/**
 * A LoRA's changes to the language model as llama.cpp's convert_lora_to_gguf.py writes them: two matrices for each that is
 * changed. llama.cpp scales all by one alpha over the pair's rank; where a pair is scaled otherwise, its second matrix is.
 * @throws ExpectedError('weights') for what an adapter cannot hold: tensors that were trained whole, matrices of no Llama
 */
export function planAdapter(
  checkpoint: LoraCheckpoint,
  { headSize }: HeadSettings,
  format: FloatFormat,
): PlannedFile {
  const [whole] = checkpoint.parts.text.values();
  if (whole !== undefined)
    throw refuseTensor(
      whole,
      'it was trained whole, and an adapter holds low-rank changes only; merge it into its base with PEFT first',
    );
  const pairs = [...checkpoint.pairs.text];
  const alpha = alphaOf(pairs[0]?.[1]) ?? checkpoint.lora.alpha;
  const tensors = pairs.flatMap(([module, pair]): PlannedTensor[] => {
    const known = textName(module);
    if (known === undefined) throw refuseTensor(pair.a, 'no Llama has such a matrix');
    const order = isRotated(module) ? rotaryOrder(headSize) : undefined;
    const factor = (alphaOf(pair) ?? alpha) / alpha;
    const a = known === 'token_embd' ? transposed(pair.a) : pair.a;
    const b = Math.abs(factor - 1) < 1e-9 ? pair.b : scaled(pair.b, factor);
    return [
      planTensor(`${known}.weight.lora_a`, a, format),
      planTensor(`${known}.weight.lora_b`, b, format, order),
    ];
  });
  const metadata = new Map([
    ['general.architecture', text('llama')] as const,
    ['general.type', text('adapter')] as const,
    ['adapter.type', text('lora')] as const,
    ['general.name', text(titleOf(checkpoint.name.slice(checkpoint.name.lastIndexOf('/') + 1)))] as const,
    ['adapter.lora.alpha', f32(alpha)] as const,
  ]);
  return { metadata, tensors };
}

/** The alpha that gives the pair its scale: llama.cpp divides by the rank. */
function alphaOf(pair: LoraPair | undefined): number | undefined {
  return pair === undefined ? undefined : pair.scale * (pair.b.shape[1] ?? 1);
}

function scaled(source: NumberSource, factor: number): NumberSource {
  return {
    type: 'F32',
    shape: source.shape,
    async readRows(first, count, signal) {
      const floats = readFloats(await source.readRows(first, count, signal), source.type);
      return new Uint8Array(floats.map((value) => value * factor).buffer);
    },
  };
}

/** Columns as rows; held whole, since a rank is small. */
function transposed(source: NumberSource): NumberSource {
  const [rows = 1, columns = 1] = source.shape;
  let whole: Promise<Float32Array> | undefined;
  const read = async () => {
    const target = new Float32Array(rows * columns);
    let row = 0;
    for await (const chunk of rowChunks(source, 1)) {
      const floats = readFloats(chunk, source.type);
      for (const [index, value] of floats.entries())
        target[(index % columns) * rows + row + Math.floor(index / columns)] = value;
      row += floats.length / columns;
    }
    return target;
  };
  return {
    type: 'F32',
    shape: [columns, rows],
    async readRows(first, count) {
      const floats = await (whole ??= read());
      const part = floats.slice(first * rows, (first + count) * rows);
      return new Uint8Array(part.buffer);
    },
  };
}
