import { quote } from '../../llava/quote.js';
import { fileError } from '../checkpoint-error.js';
import type { TensorsByName } from '../checkpoint-tensor.js';
import type { Fields } from './fields.js';
import type { PictureSettings, VisionSettings } from './settings.js';

const REMEDY = 'Only LLaVA-1.5 with a CLIP tower and its two-layer projector is converted.';

/** CLIP's own, of red, green and blue, from 0 to 1. */
export const CLIP_COLOURS: Pick<PictureSettings, 'mean' | 'std'> = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** OpenAI's CLIP has heads of 64 in all sizes. */
const CLIP_HEAD_SIZE = 64;

/**
 * CLIP's settings from the object that holds them: `vision_config`, or the whole configuration of a tower by itself.
 * Missing fields are those of CLIPVisionConfig.
 * @throws ExpectedError('weights') for another tower, quoting its type
 */
export function readVisionSettings(fields: Fields): VisionSettings {
  const type = fields.text('model_type') ?? 'clip_vision_model';
  if (!/^clip(?:_vision_model)?$/.test(type))
    throw fileError(fields.path, `describes a vision tower of the type ${quote(type)}`, REMEDY);
  const activation = fields.text('hidden_act') ?? 'quick_gelu';
  if (activation !== 'quick_gelu' && activation !== 'gelu')
    throw fileError(fields.path, `has ${quote(activation)} as ${fields.nameOf('hidden_act')}`, REMEDY);
  return {
    imageSize: fields.size('image_size') ?? 224,
    patchSize: fields.size('patch_size') ?? 32,
    width: fields.size('hidden_size') ?? 768,
    layers: fields.size('num_hidden_layers') ?? 12,
    heads: fields.size('num_attention_heads') ?? 12,
    feedForwardSize: fields.size('intermediate_size') ?? 3072,
    layerNormEpsilon: fields.number('layer_norm_eps') ?? 1e-5,
    activation,
  };
}

/** What LlavaConfig stands for without a `vision_config`: CLIP-L/14 at 336 pixels. */
export const CLIP_L_336: VisionSettings = {
  imageSize: 336,
  patchSize: 14,
  width: 1024,
  layers: 24,
  heads: 16,
  feedForwardSize: 4096,
  layerNormEpsilon: 1e-5,
  activation: 'quick_gelu',
};

/**
 * The settings of a tower of which only the tensors are known, as in the authors' layout: sizes by shapes, and the heads
 * and activation that all of OpenAI's CLIP have. Undefined when a tensor that tells is missing.
 */
export function visionSettingsOf(tower: TensorsByName): VisionSettings | undefined {
  const patch = tower.get('embeddings.patch_embedding.weight')?.shape;
  const positions = tower.get('embeddings.position_embedding.weight')?.shape[0];
  const feedForwardSize = tower.get('encoder.layers.0.mlp.fc1.weight')?.shape[0];
  if (patch?.length !== 4 || positions === undefined || feedForwardSize === undefined) return undefined;
  const [width = 0, , patchSize = 0] = patch;
  const side = Math.sqrt(positions - 1);
  if (!Number.isInteger(side) || width % CLIP_HEAD_SIZE !== 0) return undefined;
  let layers = 0;
  while (tower.has(`encoder.layers.${layers}.layer_norm1.weight`)) layers++;
  return {
    ...CLIP_L_336,
    imageSize: side * patchSize,
    patchSize,
    width,
    layers,
    heads: width / CLIP_HEAD_SIZE,
    feedForwardSize,
  };
}

/**
 * What the authors' configuration says of the way from pixels to features.
 * @throws ExpectedError('weights') for features that the engine does not compute
 */
export function readAuthorsPicture(config: Fields, preprocessor: Fields | undefined): PictureSettings {
  const type = config.text('mm_projector_type') ?? 'mlp2x_gelu';
  if (type !== 'mlp2x_gelu') throw otherProjector(config.path, type);
  const select = config.text('mm_vision_select_feature') ?? 'patch';
  if (select !== 'patch') throw otherFeatures(config, 'mm_vision_select_feature', select);
  const aspect = config.text('image_aspect_ratio') ?? 'pad';
  if (aspect.startsWith('anyres')) throw otherFeatures(config, 'image_aspect_ratio', aspect);
  if (config.flag('mm_use_im_start_end') ?? false)
    throw fileError(
      config.path,
      'puts the picture between <im_start> and <im_end>, as LLaVA 1.0 does',
      REMEDY,
    );
  return {
    ...readColours(preprocessor),
    featureLayer: config.whole('mm_vision_select_layer') ?? -2,
    featureSelect: 'patch',
  };
}

/** As `readAuthorsPicture`, from transformers' configuration. */
export function readTransformersPicture(config: Fields, preprocessor: Fields | undefined): PictureSettings {
  const activation = config.text('projector_hidden_act') ?? 'gelu';
  if (activation !== 'gelu')
    throw fileError(config.path, `has a projector with ${quote(activation)} between its layers`, REMEDY);
  const select = config.text('vision_feature_select_strategy') ?? 'default';
  if (select !== 'default') throw otherFeatures(config, 'vision_feature_select_strategy', select);
  return {
    ...readColours(preprocessor),
    featureLayer: readLayer(config),
    featureSelect: 'patch',
  };
}

function readLayer(config: Fields): number {
  const layers = config.value('vision_feature_layer') ?? config.value('vision_feature_layers');
  if (!Array.isArray(layers)) return config.whole('vision_feature_layer') ?? -2;
  if (layers.length === 1 && Number.isInteger(layers[0])) return Number(layers[0]);
  throw fileError(
    config.path,
    `takes the features of several blocks, ${quote(JSON.stringify(layers))}, as ViP-LLaVA does`,
    REMEDY,
  );
}

export function readColours(preprocessor: Fields | undefined): Pick<PictureSettings, 'mean' | 'std'> {
  return {
    mean: preprocessor?.colour('image_mean') ?? CLIP_COLOURS.mean,
    std: preprocessor?.colour('image_std') ?? CLIP_COLOURS.std,
  };
}

export function otherProjector(path: string, type: string): Error {
  const whose = type === 'linear' ? ', the one matrix of LLaVA-1.0' : '';
  return fileError(path, `describes a projector of the type ${quote(type)}${whose}`, REMEDY);
}

function otherFeatures(config: Fields, key: string, value: string): Error {
  return fileError(config.path, `has ${quote(value)} as ${config.nameOf(key)}`, REMEDY);
}

/** @throws ExpectedError('weights') for the name of a tower that is no CLIP */
export function towerNameOf(config: Fields): string | undefined {
  const name = config.text('mm_vision_tower') ?? config.text('vision_tower');
  if (name !== undefined && /siglip|dinov|eva[-_]?(?:clip|\d)|convnext|imagebind|languagebind/i.test(name))
    throw fileError(config.path, `has ${quote(name)} as its vision tower`, REMEDY);
  return name;
}
