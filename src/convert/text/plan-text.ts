import type { ModelCheckpoint } from '../../checkpoints/checkpoint.js';
import type { CheckpointTensor, TensorsByName } from '../../checkpoints/checkpoint-tensor.js';
import { text } from '../gguf/metadata.js';
import type { FloatFormat, PlannedFile, PlannedTensor } from '../gguf/planned-file.js';
import { planTensor, sourceOf } from '../number-source.js';
import { refuseTensor } from '../refusals.js';
import { generalMetadata } from './general-metadata.js';
import { ropeFactors } from './rope-factors.js';
import { rotaryOrder } from './rotary-order.js';
import { splitFused } from './split-fused.js';
import { sizesMetadata, vocabularyMetadata } from './text-metadata.js';
import { isRotated, textName } from './text-names.js';

/**
 * The language model of a checkpoint as llama.cpp's converter (conversion/llama.py at v0.5.0) writes it: the same tensors and
 * vocabulary, and the same metadata but for what a model card would add.
 * @param format of matrices; vectors are float32
 * @throws ExpectedError('weights') for tensors that a Llama does not have
 */
export async function planText(checkpoint: ModelCheckpoint, format: FloatFormat): Promise<PlannedFile> {
  const { conversation, folder, parts, text: settings, vocabulary } = checkpoint;
  const tensors: PlannedTensor[] = [];
  if (settings.ropeScaling?.kind === 'llama3') {
    const factors = ropeFactors(settings.ropeScaling, settings.headSize, settings.ropeTheta);
    tensors.push(planTensor('rope_freqs.weight', sourceOf(factors, [factors.length]), 'f32'));
  }
  for (const [name, tensor] of inConvertersOrder(parts.text))
    tensors.push(...planNamed(name, tensor, format, checkpoint));
  const parameters = tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const { trainedFrom } = conversation;
  const metadata = new Map([
    ['general.architecture', text('llama')] as const,
    ['general.type', text('model')] as const,
    ...(await generalMetadata({ folder, trainedFrom }, parameters)),
    ...sizesMetadata(settings, format),
    ...vocabularyMetadata(vocabulary, conversation),
  ]);
  return { metadata, tensors };
}

function planNamed(
  name: string,
  tensor: CheckpointTensor,
  format: FloatFormat,
  { text: settings }: ModelCheckpoint,
): readonly PlannedTensor[] {
  const [, whole = '', kind = ''] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
  return splitFused(whole, tensor, settings).map(([module, source]) => {
    const known = textName(module);
    if (known === undefined) throw refuseTensor(tensor, 'no Llama has it');
    const isMatrix = source.shape.length > 1 && kind === 'weight' && !known.endsWith('_norm');
    const order = isRotated(module) ? rotaryOrder(settings.headSize) : undefined;
    return planTensor(`${known}.${kind}`, source, isMatrix ? format : 'f32', order);
  });
}

/** Within a file of safetensors, llama.cpp's converter goes by the names on disk. */
function inConvertersOrder(tensors: TensorsByName): readonly (readonly [string, CheckpointTensor])[] {
  const files = new Map<string, (readonly [string, CheckpointTensor])[]>();
  for (const entry of tensors) {
    const { path } = entry[1];
    const file = files.get(path);
    if (file === undefined) files.set(path, [entry]);
    else file.push(entry);
  }
  return [...files].flatMap(([path, entries]) =>
    path.endsWith('.safetensors') ? entries.sort(([, a], [, b]) => compareNames(a.name, b.name)) : entries,
  );
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
