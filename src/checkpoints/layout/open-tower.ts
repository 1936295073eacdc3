import { checkpointError } from '../checkpoint-error.js';
import type { TowerCheckpoint } from '../checkpoint.js';
import { readFields } from '../configuration/fields.js';
import { readColours, readVisionSettings } from '../configuration/read-vision-settings.js';
import type { FolderContents } from './folder-contents.js';
import { checkTower } from './check-shapes.js';
import { sortTensors } from './sort-tensors.js';

/** CLIP by itself, with or without its text half. */
export async function openTower({ folder, name, config, tensors }: FolderContents): Promise<TowerCheckpoint> {
  if (config === undefined)
    throw checkpointError(folder, 'has no config.json', 'Download config.json into the folder.');
  const vision = readVisionSettings(config.object('vision_config') ?? config);
  const parts = sortTensors(folder, tensors);
  checkTower(folder, parts.tower, vision);
  const picture = readColours(await readFields(folder, 'preprocessor_config.json'));
  return { layout: 'clip', folder, name, tensors, parts, vision, picture };
}
