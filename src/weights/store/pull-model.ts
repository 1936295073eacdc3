import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { isHubFile, type Model } from '../catalogue.js';
import { checkPair } from '../check/check-pair.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { inspectModel, type StoredModel } from './inspect-model.js';
import { preparePull, type PullOptions } from './pull-file.js';

/**
 * Brings both files of a model here, verified. What is here and was verified before costs no request and no time;
 * what others put into the cache is hashed once and not downloaded again.
 * @throws ExpectedError('weights') when the hub cannot be reached or has other bytes, or the files are no pair
 */
export async function pullModel(
  model: Model,
  settings: HubSettings,
  options: PullOptions = {},
): Promise<StoredModel> {
  // Both are settled first: four gigabytes are not fetched in vain when the other file is refused.
  const downloads = [];
  for (const file of [model.files.model, model.files.mmproj]) {
    if (isHubFile(file)) downloads.push(await preparePull(file, model.name, settings, options));
  }
  for (const download of downloads) await download?.();
  const stored = await inspectModel(model, settings);
  const [{ path: modelPath }, { path: mmprojPath }] = stored.files;
  if (modelPath === undefined || mmprojPath === undefined) {
    throw new ExpectedError('weights', `A file of ${quote(model.name)} was removed during its download.`, {
      hint: `llava pull ${model.name}`,
    });
  }
  await checkEntry(model, modelPath, mmprojPath);
  return stored;
}

/** Right bytes that are no LLaVA-1.5 are a mistake of the catalogue, and said to be one. */
async function checkEntry(model: Model, modelPath: string, mmprojPath: string): Promise<void> {
  try {
    await checkPair(modelPath, mmprojPath);
  } catch (cause) {
    if (!(cause instanceof ExpectedError)) throw cause;
    const message = `${quote(model.name)} of the catalogue cannot be used: ${cause.message}`;
    throw new ExpectedError('weights', message, { hint: 'Choose another model: llava models list', cause });
  }
}
