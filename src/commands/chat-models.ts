import type { FindModel, LoadableModel } from '../chat/chat-settings.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { findModel, listModels } from '../weights/catalogue.js';
import { checkPair } from '../weights/check/check-pair.js';
import { filesOnDisk, type NamedWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';
import { catalogueOf } from './hub-context.js';
import type { CacheFlags, DeviceFlags } from './option-groups.js';
import { openEngine, startEngine } from './open-weights.js';

/** Weights as the chat loads them, now or after `/model`. */
export function loadable(
  weights: NamedWeights,
  flags: DeviceFlags & CacheFlags,
  context: CommandContext,
): LoadableModel {
  return {
    name: weights.name,
    load: async () => {
      await using starting = await startEngine(weights, flags, context);
      const pair = await checkPair(weights.model, weights.mmproj);
      return await openEngine(starting, weights, pair, flags, context);
    },
  };
}

/** Finds models of the catalogue that are on this machine; none is downloaded in a chat. */
export function modelFinder(flags: DeviceFlags & CacheFlags, context: CommandContext): FindModel {
  return async (name) => {
    const model = findModel(name, catalogueOf(context));
    const files = await filesOnDisk(model, context);
    if (files !== undefined) return loadable({ name: model.name, ...files }, flags, context);
    throw new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
      hint: `llava pull ${model.name}, in another terminal`,
    });
  };
}

/** Names of the models that are here. */
export async function modelsHere(context: CommandContext): Promise<readonly string[]> {
  const models = listModels(catalogueOf(context));
  const files = await Promise.all(models.map((model) => filesOnDisk(model, context)));
  return models.filter((_, index) => files[index] !== undefined).map(({ name }) => name);
}
