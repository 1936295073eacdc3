import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../llava/quote.js';
import { checkpointError, fileError, readError, FETCH_AGAIN } from '../checkpoint-error.js';
import type { CheckpointTensor, TensorsByName } from '../checkpoint-tensor.js';
import { isObject } from '../../llava/json.js';
import { readFields } from '../configuration/fields.js';
import { readSafetensors } from './read-safetensors.js';
import { readTorchFile } from './read-torch-file.js';

/** The files that hold a set of tensors. */
export interface TensorFiles {
  /** In the order of their names. */
  readonly names: readonly string[];
  /** The file that each tensor is in, where an index says so. */
  readonly placed: ReadonlyMap<string, string> | undefined;
}

/** The names that trainers give to the two formats. */
const STEMS = {
  model: ['model', 'pytorch_model'],
  adapter: ['adapter_model', 'adapter_model'],
} as const;

/** @throws ExpectedError('weights') for a folder that cannot be listed */
export async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted(byCodePoint);
  } catch (error) {
    throw readError(folder, error);
  }
}

/**
 * The files of the whole model, or of an adapter: safetensors where there are any, else torch's. Undefined when the
 * folder has none.
 * @param names of all files in the folder
 * @throws ExpectedError('weights') naming the files that an index or their own numbers promise and that are missing
 */
export async function findTensorFiles(
  folder: string,
  names: readonly string[],
  kind: keyof typeof STEMS,
): Promise<TensorFiles | undefined> {
  const [safe, torch] = STEMS[kind];
  return (
    (await findFormat(folder, names, safe, 'safetensors')) ?? (await findFormat(folder, names, torch, 'bin'))
  );
}

async function findFormat(
  folder: string,
  names: readonly string[],
  stem: string,
  ending: string,
): Promise<TensorFiles | undefined> {
  const placed = await readIndex(folder, `${stem}.${ending}.index.json`);
  const numbered = new RegExp(`^${stem}(?:-\\d+-of-(\\d+))?\\.${ending}$`);
  const found = names.filter((name) => numbered.test(name));
  const wanted =
    placed === undefined ? promisedBy(found, numbered, stem, ending) : [...new Set(placed.values())];
  if (wanted.length === 0) return undefined;
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw checkpointError(
      folder,
      `lacks ${missing.length} of its ${wanted.length} weight files: ${missing.map((name) => quote(name)).join(', ')}`,
      'Download the missing files into the folder.',
    );
  return { names: wanted.toSorted(byCodePoint), placed };
}

/** All of `model-00001-of-00003` where one of them is there. */
function promisedBy(
  found: readonly string[],
  numbered: RegExp,
  stem: string,
  ending: string,
): readonly string[] {
  const whole = found.filter((name) => name === `${stem}.${ending}`);
  if (whole.length > 0) return whole;
  const [first] = found;
  const total = first === undefined ? undefined : numbered.exec(first)?.[1];
  if (total === undefined || Number(total) > MOST_FILES) return found;
  return Array.from({ length: Number(total) }, (_, index) => {
    return `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}.${ending}`;
  });
}

/** A model of 400 billion numbers has some hundred. */
const MOST_FILES = 10_000;

async function readIndex(folder: string, name: string): Promise<ReadonlyMap<string, string> | undefined> {
  const index = await readFields(folder, name);
  if (index === undefined) return undefined;
  const places = index.value('weight_map');
  const entries = isObject(places) ? Object.entries(places) : [];
  const isPlain = entries.every((entry): entry is [string, string] => {
    return typeof entry[1] === 'string' && /^[\w-][\w.-]*$/.test(entry[1]);
  });
  if (entries.length === 0 || !isPlain)
    throw fileError(
      index.path,
      'is damaged: its "weight_map" does not name files of this folder',
      FETCH_AGAIN,
    );
  return new Map(entries);
}

/** Reads the headers of all files. */
export async function readTensorFiles(
  folder: string,
  { names, placed }: TensorFiles,
  signal?: AbortSignal,
): Promise<TensorsByName> {
  const tensors = new Map<string, CheckpointTensor>();
  for (const name of names) {
    for (const tensor of await readTensorFile(join(folder, name), signal)) {
      const other = tensors.get(tensor.name);
      if (other !== undefined)
        throw fileError(
          tensor.path,
          `holds the tensor ${quote(tensor.name)}, which ${quote(other.path)} has too`,
          'Remove the files of another checkpoint from the folder.',
        );
      tensors.set(tensor.name, tensor);
    }
  }
  for (const [tensor, file] of placed ?? []) {
    if (!tensors.has(tensor))
      throw fileError(
        join(folder, file),
        `lacks the tensor ${quote(tensor)}, which the index places in it`,
        FETCH_AGAIN,
      );
  }
  return tensors;
}

/** The tensors of one file, by the format that its name says. */
export async function readTensorFile(
  path: string,
  signal?: AbortSignal,
): Promise<readonly CheckpointTensor[]> {
  return path.endsWith('.safetensors')
    ? await readSafetensors(path, signal)
    : await readTorchFile(path, signal);
}

/** As Python sorts. */
function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
