import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject, parseJson } from '../../llava/json.js';
import { f32, text, type MetadataValue } from '../gguf/metadata.js';
import { sizeLabelOf, takeNameApart, titleOf } from './model-name.js';

type Entry = readonly [key: string, value: MetadataValue];

/** What the names of a checkpoint tell of the model. */
export interface NamedCheckpoint {
  readonly folder: string;
  /** `_name_or_path` of its config.json. */
  readonly trainedFrom: string | undefined;
}

/**
 * The keys `general.*` that llama.cpp's converter writes of a model's names and of its generation_config.json, in its order.
 * What a model card says is left out.
 * @param parameters numbers in all tensors
 */
export async function generalMetadata(
  { folder, trainedFrom }: NamedCheckpoint,
  parameters: number,
): Promise<readonly Entry[]> {
  const ids = [trainedFrom, basename(folder)].filter((id) => id !== undefined && !/\/.*\//.test(id));
  const named = ids.map((id) => takeNameApart(id ?? '', parameters));
  const first = (key: keyof (typeof named)[number]) =>
    named.map((parts) => parts[key]).find((value) => value !== undefined && value !== '');
  const entries: (readonly [string, string | undefined])[] = [
    ['general.name', titleOf(first('fullName') ?? basename(folder))],
    ['general.version', first('version')],
    ['general.organization', titled(first('organisation'))],
    ['general.finetune', first('finetune')],
    ['general.basename', first('basename')],
    ['general.size_label', first('sizeLabel') ?? sizeLabelOf(parameters)],
  ];
  return [
    ...(await samplingMetadata(folder)),
    ...entries.flatMap(([key, value]): Entry[] => (value === undefined ? [] : [[key, text(value)]])),
  ];
}

function titled(name: string | undefined): string | undefined {
  return name === undefined ? undefined : titleOf(name);
}

/** Settings of generation by their names in GGUF, with those of transformers. */
const SAMPLING: readonly (readonly [
  key: string,
  names: readonly string[],
  value: (number: number) => MetadataValue,
])[] = [
  ['top_k', ['top_k'], (value) => ({ type: 'i32', value })],
  ['top_p', ['top_p'], f32],
  ['min_p', ['min_p'], f32],
  ['xtc_probability', ['xtc_probability'], f32],
  ['xtc_threshold', ['xtc_threshold'], f32],
  ['temp', ['temperature'], f32],
  ['penalty_last_n', ['penalty_last_n'], (value) => ({ type: 'i32', value })],
  ['penalty_repeat', ['penalty_repeat', 'repetition_penalty'], f32],
  ['mirostat', ['mirostat'], (value) => ({ type: 'i32', value })],
  ['mirostat_tau', ['mirostat_tau'], f32],
  ['mirostat_eta', ['mirostat_eta'], f32],
];

async function samplingMetadata(folder: string): Promise<readonly Entry[]> {
  const json = await readFile(join(folder, 'generation_config.json'), 'utf8').catch(() => '');
  const settings = parseJson(json);
  if (!isObject(settings)) return [];
  return SAMPLING.flatMap(([key, names, value]): Entry[] => {
    const number = names.map((name) => settings[name]).find((one) => one !== undefined);
    return typeof number === 'number' ? [[`general.sampling.${key}`, value(number)]] : [];
  });
}
