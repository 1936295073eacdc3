import { quote } from '../../llava/quote.js';
import { checkpointError } from '../checkpoint-error.js';
import type { CheckpointTensor, TensorsByName } from '../checkpoint-tensor.js';
import type {
  CheckpointParts,
  LoraCheckpoint,
  LoraPair,
  LoraPairs,
  ProjectorCheckpoint,
} from '../checkpoint.js';
import { readFields, type Fields } from '../configuration/fields.js';
import { readHints } from '../configuration/read-hints.js';
import { readLoraSettings } from '../configuration/read-lora-settings.js';
import { familyOf, readTextSettings } from '../configuration/read-text-settings.js';
import {
  readAuthorsPicture,
  readTransformersPicture,
  towerNameOf,
} from '../configuration/read-vision-settings.js';
import type { LoraSettings, PictureSettings } from '../configuration/settings.js';
import type { FolderContents } from './folder-contents.js';
import { checkProjector } from './check-shapes.js';
import { partOfTensor } from './part-of-tensor.js';
import { sortTensors, strangeTensor } from './sort-tensors.js';

const SAVE_AGAIN = 'Download or save the adapter again: it is incomplete.';

/** A LoRA as PEFT saves it, with what was trained whole beside it. */
export async function openLora(contents: FolderContents): Promise<LoraCheckpoint> {
  const { folder, name, config, tensors } = contents;
  const described = await readFields(folder, 'adapter_config.json');
  if (described === undefined)
    throw checkpointError(
      folder,
      'has no adapter_config.json',
      'Download adapter_config.json into the folder.',
    );
  const lora = readLoraSettings(described);
  const whole = new Map<string, CheckpointTensor>();
  const low = new Map<string, CheckpointTensor>();
  for (const tensor of tensors.values()) (isLowRank(folder, tensor) ? low : whole).set(tensor.name, tensor);
  const parts = sortTensors(folder, whole);
  for (const [own, { name: stored }] of parts.text)
    if (!isMatrixOfLlama(own.replace(/\.(?:weight|bias)$/, ''))) throw strangeTensor(folder, stored);
  const hints = await readHints(folder, config);
  return {
    layout: 'lora',
    folder,
    name,
    tensors,
    parts,
    lora,
    pairs: pairUp(folder, low, lora),
    text: config === undefined ? undefined : readText(config),
    picture: await readPicture(folder, config),
    projector: projectorOf(folder, parts),
    towerName: config === undefined ? undefined : towerNameOf(config),
    conversation: { ...hints, trainedFrom: lora.baseName ?? hints.trainedFrom },
  };
}

/** The first stage of training, or a projector that someone took out of a model. */
export async function openProjector({
  folder,
  name,
  config,
  tensors,
}: FolderContents): Promise<ProjectorCheckpoint> {
  const parts = sortTensors(folder, tensors);
  return {
    layout: 'projector',
    folder,
    name,
    tensors,
    parts,
    projector: checkProjector(folder, parts.projector, {}),
    picture: await readPicture(folder, config),
    towerName: config === undefined ? undefined : towerNameOf(config),
    baseName: config?.text('_name_or_path'),
  };
}

function projectorOf(folder: string, parts: CheckpointParts) {
  return parts.projector.size === 0 ? undefined : checkProjector(folder, parts.projector, {});
}

function readText(config: Fields) {
  const own = config.object('text_config') ?? config;
  return readTextSettings(own, familyOf(own, own.texts('architectures') ?? []));
}

async function readPicture(folder: string, config: Fields | undefined): Promise<PictureSettings | undefined> {
  const preprocessor = await readFields(folder, 'preprocessor_config.json');
  if (config === undefined) return undefined;
  return config.has('text_config')
    ? readTransformersPicture(config, preprocessor)
    : readAuthorsPicture(config, preprocessor);
}

/** Whether a Llama has a matrix or norm of that name. */
function isMatrixOfLlama(name: string): boolean {
  return /^(?:lm_head|model\.(?:embed_tokens|norm|layers\.\d+\.(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj|(?:input|post_attention)_layernorm)))$/.test(
    name,
  );
}

/** `….lora_A.weight`, or with the adapter's name as PEFT holds it in memory. */
const LOW_RANK = /^(.+)\.lora_(?:embedding_)?([AB])(?:\.default)?(?:\.weight)?$/;

function isLowRank(folder: string, { name }: CheckpointTensor): boolean {
  if (name.includes('.lora_magnitude_vector'))
    throw checkpointError(
      folder,
      `is a DoRA: it holds the tensor ${quote(name)}`,
      'Merge it into its base with PEFT (merge_and_unload), then convert the merged checkpoint.',
    );
  return LOW_RANK.test(name);
}

function pairUp(folder: string, low: TensorsByName, lora: LoraSettings): LoraPairs {
  const halves = new Map<string, { A?: CheckpointTensor; B?: CheckpointTensor }>();
  for (const tensor of low.values()) {
    const [, module = '', half] = LOW_RANK.exec(tensor.name) ?? [];
    const found = halves.get(module) ?? {};
    found[half === 'A' ? 'A' : 'B'] = tensor;
    halves.set(module, found);
  }
  const pairs = {
    text: new Map<string, LoraPair>(),
    tower: new Map<string, LoraPair>(),
    projector: new Map<string, LoraPair>(),
  };
  for (const [module, { A, B }] of halves) {
    if (A === undefined || B === undefined)
      throw checkpointError(folder, `has only one half of the pair for ${quote(module)}`, SAVE_AGAIN);
    const place = partOfTensor(`${module}.weight`);
    const own = place?.name.replace(/\.weight$/, '') ?? '';
    if (place === undefined || (place.part === 'text' && !isMatrixOfLlama(own)))
      throw strangeTensor(folder, A.name);
    pairs[place.part].set(own, pairOf(folder, module, A, B, lora));
  }
  if (halves.size === 0) throw checkpointError(folder, 'holds no low-rank pairs', SAVE_AGAIN);
  return pairs;
}

function pairOf(
  folder: string,
  module: string,
  a: CheckpointTensor,
  b: CheckpointTensor,
  lora: LoraSettings,
): LoraPair {
  const rank = a.shape[0] ?? 0;
  if (a.shape.length !== 2 || b.shape.length !== 2 || rank === 0 || b.shape[1] !== rank)
    throw checkpointError(
      folder,
      `has a pair for ${quote(module)} of the shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}], which do not multiply`,
      SAVE_AGAIN,
    );
  const alpha = alphaOf(module, lora);
  return { a, b, scale: alpha / (lora.rankStabilised ? Math.sqrt(rank) : rank) };
}

/** PEFT's patterns match the end of a module's name, from a dot on; each may be a regular expression. */
function alphaOf(module: string, { alpha, alphaPattern }: LoraSettings): number {
  for (const [pattern, own] of alphaPattern) if (matchesEnd(module, pattern)) return own;
  return alpha;
}

function matchesEnd(module: string, pattern: string): boolean {
  if (module === pattern || module.endsWith(`.${pattern}`)) return true;
  // Other people's regular expressions may take for ever: only the plain ones that PEFT itself writes are read.
  return pattern.startsWith('^') && module.replace(/^base_model\.model\./, '') === pattern.slice(1);
}
