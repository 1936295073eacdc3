import type { FindModel, LoadableModel } from '../../chat/chat-settings.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { catalogueOf } from '../../opening/environment.js';
import { filesOnDisk } from '../../opening/find-weights.js';
import { findEngine, type EngineChoice, type FoundEngine } from '../../remote/find-engine.js';
import { findModel, listModels } from '../../weights/catalogue.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';

/** Pictures that a chat goes back to without encoding them again: their features are 151 MB of LLaVA-1.5 7B. */
const KEPT_PICTURES = 16;

/** An engine as the chat opens it, now or after `/model`. */
export function loadable(engine: FoundEngine, context: CommandContext): LoadableModel {
  return {
    name: engine.name,
    load: async () => {
      await using opening = await engine.open(openingHost(context));
      return await opening.open({ keptPictures: KEPT_PICTURES });
    },
  };
}

/** The command line's own files are not the model that is chosen later. */
const NO_FILES = { gguf: undefined, mmproj: undefined, lora: undefined };

/** Finds models of the catalogue that are on this machine; none is downloaded in a chat. */
export function modelFinder(choice: EngineChoice, context: CommandContext): FindModel {
  return async (name) => {
    if (choice.server !== undefined)
      throw new ExpectedError('usage', `The servers have one model; ${quote(name)} is another.`, {
        hint: 'Leave the chat, and begin one with another --server-model or --model',
      });
    const model = findModel(name, catalogueOf(context.io.env));
    const files = await filesOnDisk(model, context.io.env);
    if (files !== undefined)
      return loadable(
        await findEngine({ ...choice, ...NO_FILES, model: model.name }, openingHost(context)),
        context,
      );
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
