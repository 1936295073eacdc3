import type { FindModel, LoadableModel } from '../../chat/chat-settings.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { chooseOpening, type OpeningWishes } from '../../kept/choose-opening.js';
import { catalogueOf } from '../../opening/environment.js';
import { filesOnDisk, findWeights, type FoundWeights } from '../../opening/find-weights.js';
import { findModel, listModels } from '../../weights/catalogue.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';

/** Pictures that a chat goes back to without encoding them again: their features are 151 MB of LLaVA-1.5 7B. */
const KEPT_PICTURES = 16;

/** Weights as the chat loads them, now or after `/model`. */
export function loadable(
  weights: FoundWeights,
  wishes: OpeningWishes,
  context: CommandContext,
): LoadableModel {
  return {
    name: weights.name,
    load: async () => {
      await using opening = await chooseOpening(weights, wishes, openingHost(context));
      return await opening.open({ keptPictures: KEPT_PICTURES });
    },
  };
}

/** Finds models of the catalogue that are on this machine; none is downloaded in a chat. */
export function modelFinder(wishes: OpeningWishes, context: CommandContext): FindModel {
  return async (name) => {
    const model = findModel(name, catalogueOf(context.io.env));
    const files = await filesOnDisk(model, context.io.env);
    if (files !== undefined)
      return loadable(await findWeights({ model: model.name }, openingHost(context)), wishes, context);
    throw new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
      hint: `llava pull ${model.name}, in another terminal`,
    });
  };
}

/** Names of the models that are here. */
export async function modelsHere(context: CommandContext): Promise<readonly string[]> {
  const models = listModels(catalogueOf(context.io.env));
  const files = await Promise.all(models.map((model) => filesOnDisk(model, context.io.env)));
  return models.filter((_, index) => files[index] !== undefined).map(({ name }) => name);
}
