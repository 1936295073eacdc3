import { basename, join, resolve } from 'node:path';
import { quote } from '../llava/quote.js';
import { checkpointError } from './checkpoint-error.js';
import type { CheckpointTensor, TensorsByName } from './checkpoint-tensor.js';
import type { Checkpoint } from './checkpoint.js';
import { readFields, type Fields } from './configuration/fields.js';
import { findTensorFiles, listFolder, readTensorFile, readTensorFiles } from './files/tensor-files.js';
import type { FolderContents } from './layout/folder-contents.js';
import { openLora, openProjector } from './layout/open-lora.js';
import { openModel } from './layout/open-model.js';
import { partOfTensor } from './layout/part-of-tensor.js';
import { openTower } from './layout/open-tower.js';

export interface OpenOptions {
  /** What to call it; the folder's last part when left out. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NO_TENSORS: TensorsByName = new Map();

/** Weights that stand beside an adapter, or alone. */
const PROJECTOR_FILES = ['non_lora_trainables.bin', 'mm_projector.bin'];

/**
 * Opens the checkpoint in a folder, whatever trainer wrote it; what it is, its tensors' names and its configuration say.
 * Headers, settings and vocabulary are read and held against each other; the weights are not.
 * @throws ExpectedError('weights') for folders without weights, missing or damaged files, and models that are no LLaVA-1.5,
 *   by name; the signal's reason on abort
 */
export async function openCheckpoint(folder: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const { signal, name = basename(resolve(folder)) } = options;
  const names = await listFolder(folder);
  const config = await readFields(folder, 'config.json');
  const model = await findTensorFiles(folder, names, 'model');
  const adapter = await findTensorFiles(folder, names, 'adapter');
  if (model !== undefined && adapter !== undefined)
    throw checkpointError(
      folder,
      'holds a whole model and an adapter, and does not say which to take',
      'Move one of them to a folder of its own.',
    );
  const files = model ?? adapter;
  const found = files === undefined ? NO_TENSORS : await readTensorFiles(folder, files, signal);
  const beside = model === undefined ? await readBeside(folder, names, signal) : [];
  const tensors = joinTensors(found, beside);
  if (tensors.size === 0) throw withoutWeights(folder, names);
  const contents: FolderContents = { folder, name, names, config, tensors };
  if (adapter !== undefined) return await openLora(contents);
  if (model === undefined) return await openProjector(contents);
  if (isTower(config, tensors)) return await openTower(contents);
  return await openModel(contents);
}

/** The tensors of `non_lora_trainables.bin` and `mm_projector.bin`. */
async function readBeside(
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly CheckpointTensor[]> {
  const read = [];
  for (const name of PROJECTOR_FILES)
    if (names.includes(name)) read.push(...(await readTensorFile(join(folder, name), signal)));
  return read;
}

/** Where two files have a tensor, under names that mean the same, the first counts, as in the authors' own code. */
function joinTensors(tensors: TensorsByName, more: readonly CheckpointTensor[]): TensorsByName {
  const joined = new Map(tensors);
  const meanings = new Set([...tensors.keys()].map(meaningOf));
  for (const tensor of more) {
    if (meanings.has(meaningOf(tensor.name))) continue;
    meanings.add(meaningOf(tensor.name));
    joined.set(tensor.name, tensor);
  }
  return joined;
}

function meaningOf(name: string): string {
  const place = partOfTensor(name);
  return place === undefined ? name : `${place.part} ${place.name}`;
}

/** CLIP by itself: the whole model, or its vision half. */
function isTower(config: Fields | undefined, tensors: TensorsByName): boolean {
  const type = config?.value('model_type');
  return (
    type === 'clip' || type === 'clip_vision_model' || tensors.has('vision_model.embeddings.class_embedding')
  );
}

function withoutWeights(folder: string, names: readonly string[]): Error {
  const gguf = names.find((name) => name.endsWith('.gguf'));
  if (gguf !== undefined)
    return checkpointError(
      folder,
      `holds ${quote(gguf)}, which is converted already`,
      `llava models info ${join(folder, gguf)}`,
    );
  return checkpointError(
    folder,
    'holds no weights: neither safetensors nor pytorch_model files, nor an adapter',
    'Name the folder that config.json and the weight files lie in.',
  );
}
