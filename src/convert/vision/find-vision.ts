import type { Checkpoint, LoraCheckpoint } from '../../checkpoints/checkpoint.js';
import type { TensorsByName } from '../../checkpoints/checkpoint-tensor.js';
import { CLIP_COLOURS } from '../../checkpoints/configuration/read-vision-settings.js';
import type { PictureSettings, VisionSettings } from '../../checkpoints/configuration/settings.js';
import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../../weights/gguf/gguf-header.js';
import { mergePairs } from '../adapter/merged-matrix.js';
import type { Base } from '../base.js';
import { refuse } from '../refusals.js';
import { mmprojParts } from './mmproj-parts.js';
import { blocksToRun, type ProjectorParts, type Tower } from './vision-parts.js';

/** Where a vision tower is: a checkpoint with one, such as CLIP by itself, or an mmproj file. */
export type TowerSource =
  | { readonly checkpoint: Checkpoint; readonly mmproj?: undefined }
  | { readonly checkpoint?: undefined; readonly mmproj: GgufHeader };

export interface VisionRequest {
  readonly source: Checkpoint;
  readonly base: Base | undefined;
  readonly tower: TowerSource | undefined;
}

/**
 * The tower and the projector of a model: its own; or the tower that was named; or those of a LoRA's base, with the LoRA merged.
 * Undefined for a LoRA that leaves both as they are.
 * @throws ExpectedError('weights') when one of the two is nowhere
 */
export function findVision(request: VisionRequest): { tower: Tower; projector: ProjectorParts } | undefined {
  const { source } = request;
  if (source.layout === 'lora' && !changesVision(source)) return undefined;
  const tower = findTower(request);
  const projector = findProjector(request);
  if (source.layout !== 'lora') return { tower, projector };
  const { pairs, parts } = source;
  return {
    tower: { ...tower, tensors: mergePairs(new Map([...tower.tensors, ...parts.tower]), pairs.tower) },
    projector: { ...projector, tensors: mergePairs(projector.tensors, pairs.projector) },
  };
}

/** Whether anything of a LoRA is not in the language model. */
export function changesVision({ pairs, parts }: LoraCheckpoint): boolean {
  return [pairs.tower, pairs.projector, parts.tower, parts.projector].some(({ size }) => size > 0);
}

function findTower({ base, source, tower }: VisionRequest): Tower {
  const picture = pictureOf(source) ?? pictureOf(base?.checkpoint);
  if (tower?.mmproj !== undefined) return mmprojParts(tower.mmproj).tower;
  const places = [tower?.checkpoint, source, base?.checkpoint].filter((one) => one !== undefined);
  const inside = places.find(
    ({ layout, parts }) => parts.tower.size > 0 && (layout !== 'lora' || tower === undefined),
  );
  const settings = places.map(visionOf).find((one) => one !== undefined);
  if (inside !== undefined && settings !== undefined) return towerOf(inside, settings, picture);
  const name = towerNameOf(places);
  throw refuse(
    `${describe(source)} has no vision tower inside${name === undefined ? '' : `: it takes ${quote(name)}`}.`,
    `Name one with --tower: ${name ?? 'openai/clip-vit-large-patch14-336'}, its folder, or the mmproj file of a LLaVA-1.5`,
  );
}

/** The tower that the first of these names that takes one from elsewhere. */
export function towerNameOf(places: readonly Checkpoint[]): string | undefined {
  return places
    .map((one) => ('towerName' in one ? one.towerName : undefined))
    .find((name) => name !== undefined);
}

function towerOf(place: Checkpoint, settings: VisionSettings, picture: PictureSettings | undefined): Tower {
  const { layers, ...rest } = settings;
  const from = describe(place);
  const { mean, std } = picture ?? pictureOf(place) ?? CLIP_COLOURS;
  return {
    from,
    settings: rest,
    blocks: blocksToRun(picture?.featureLayer ?? -2, layers, from),
    mean,
    std,
    tensors: place.parts.tower,
  };
}

function findProjector({ base, source, tower }: VisionRequest): ProjectorParts {
  const places = [source, base?.checkpoint].filter((one) => one !== undefined);
  const inside = places.find(({ parts }) => parts.projector.size > 0);
  if (inside !== undefined) return { from: describe(inside), tensors: inside.parts.projector };
  if (tower?.mmproj !== undefined && source.layout === 'lora') return mmprojParts(tower.mmproj).projector;
  throw refuse(
    `${describe(source)} has no projector inside.`,
    'Name the checkpoint that it belongs to with --base, or the mmproj file of that with --tower',
  );
}

function pictureOf(checkpoint: Checkpoint | undefined): PictureSettings | undefined {
  if (checkpoint === undefined || checkpoint.layout === 'clip') return undefined;
  return checkpoint.picture;
}

function visionOf(checkpoint: Checkpoint): VisionSettings | undefined {
  return 'vision' in checkpoint ? checkpoint.vision : undefined;
}

function describe({ folder }: { readonly folder: string; readonly tensors: TensorsByName }): string {
  return `The checkpoint ${quote(folder)}`;
}
