import { readCatalogue, readCatalogueWith, type Catalogue } from '../weights/catalogue.js';
import type { HubSettings } from '../hub/hub-settings.js';
import type { CommandContext } from './command-context.js';

/** The hub and the cache as the environment describes them. */
export async function hubSettings({ io }: CommandContext): Promise<HubSettings> {
  const [{ readHubSettings }, { stateFolder }] = await Promise.all([
    import('../hub/hub-settings.js'),
    import('../hub/state-file.js'),
  ]);
  return readHubSettings(io.env, await stateFolder());
}

/** The catalogue, with the user's own models when `LLAVA_CATALOGUE` names a file of them. */
export function catalogueOf({ io }: CommandContext): Catalogue {
  const own = io.env['LLAVA_CATALOGUE'];
  return own === undefined || own === '' ? readCatalogue() : readCatalogueWith(own);
}
