import { quote } from '../../llava/quote.js';
import { checkpointError, fileError } from '../checkpoint-error.js';
import type { CheckpointParts, ModelCheckpoint } from '../checkpoint.js';
import { Fields, readFields } from '../configuration/fields.js';
import { readHints } from '../configuration/read-hints.js';
import { familyOf, readTextSettings } from '../configuration/read-text-settings.js';
import {
  CLIP_L_336,
  readAuthorsPicture,
  readTransformersPicture,
  readVisionSettings,
  towerNameOf,
  visionSettingsOf,
} from '../configuration/read-vision-settings.js';
import type { PictureSettings, TextSettings, VisionSettings } from '../configuration/settings.js';
import type { FolderContents } from './folder-contents.js';
import { readVocabulary } from '../vocabulary/read-vocabulary.js';
import { checkProjector, checkText, checkTower } from './check-shapes.js';
import { sortTensors } from './sort-tensors.js';

const NO_LLAVA = 'Name a LLaVA-1.5: the authors’ layout, transformers’, or a LoRA of one.';

/** What a configuration says of a whole model. */
interface ModelSettings {
  readonly text: TextSettings;
  readonly picture: PictureSettings;
  readonly vision: VisionSettings | undefined;
  readonly towerName: string | undefined;
}

/** A whole LLaVA: transformers' layout where the configuration has a `text_config` or its projector's name, else the authors'. */
export async function openModel(contents: FolderContents): Promise<ModelCheckpoint> {
  const { folder, name, config, tensors } = contents;
  if (config === undefined)
    throw checkpointError(folder, 'has no config.json', 'Download config.json into the folder.');
  refuseStrangers(config);
  const parts = sortTensors(folder, tensors);
  if (parts.projector.size === 0)
    throw checkpointError(folder, 'is no LLaVA: it has no projector from pictures to words', NO_LLAVA);
  const isTransformers = [...tensors.keys()].some((tensor) => /(?:^|\.)multi_modal_projector\./.test(tensor));
  const preprocessor = await readFields(folder, 'preprocessor_config.json');
  const settings = isTransformers
    ? readTransformers(config, preprocessor)
    : readAuthors(folder, config, preprocessor, parts);
  const text = { ...settings.text, tied: isTied(folder, settings.text, parts) };
  checkText(folder, parts.text, text);
  if (settings.vision !== undefined) checkTower(folder, parts.tower, settings.vision);
  const projector = checkProjector(folder, parts.projector, {
    ...(settings.vision === undefined ? {} : { inputSize: settings.vision.width }),
    outputSize: text.hiddenSize,
  });
  return {
    layout: isTransformers ? 'llava-hf' : 'llava',
    folder,
    name,
    tensors,
    parts,
    ...settings,
    text,
    projector,
    conversation: await readHints(folder, config),
    vocabulary: await readVocabulary(folder, text.vocabularyRows),
  };
}

/** Formats whose numbers are no longer those of the model. */
function refuseStrangers(config: Fields): void {
  const quantised = config.object('quantization_config');
  if (quantised !== undefined)
    throw fileError(
      config.path,
      `says that the weights are quantised (${quote(quantised.text('quant_method') ?? 'bitsandbytes')})`,
      'Convert the checkpoint that it was quantised from.',
    );
}

function readTransformers(config: Fields, preprocessor: Fields | undefined): ModelSettings {
  const own = config.object('text_config') ?? new Fields(config.path, {});
  const vision = config.object('vision_config');
  const text = readTextSettings(own, familyOf(own, own.texts('architectures') ?? []));
  return {
    text: { ...text, tied: text.tied || (config.flag('tie_word_embeddings') ?? false) },
    picture: readTransformersPicture(config, preprocessor),
    vision: vision === undefined ? CLIP_L_336 : readVisionSettings(vision),
    towerName: undefined,
  };
}

function readAuthors(
  folder: string,
  config: Fields,
  preprocessor: Fields | undefined,
  parts: CheckpointParts,
): ModelSettings {
  const isInside = parts.tower.size > 0;
  const vision = isInside ? visionSettingsOf(parts.tower) : undefined;
  if (isInside && vision === undefined)
    throw checkpointError(folder, 'has a tower of its own that is no CLIP of OpenAI’s sizes', NO_LLAVA);
  return {
    text: readTextSettings(config, familyOf(config, config.texts('architectures') ?? [])),
    picture: readAuthorsPicture(config, preprocessor),
    vision,
    towerName: isInside ? undefined : towerNameOf(config),
  };
}

/** Tied are embeddings without an output matrix beside them, where the configuration agrees. */
function isTied(folder: string, text: TextSettings, parts: CheckpointParts): boolean {
  if (parts.text.has('lm_head.weight')) return false;
  if (text.tied) return true;
  throw checkpointError(
    folder,
    'lacks the tensor "lm_head.weight", and its config.json does not say that the embeddings stand for it',
    'Download or save the checkpoint again: it is incomplete.',
  );
}
