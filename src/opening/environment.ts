import type { HubSettings } from '../hub/hub-settings.js';
import { readCatalogue, readCatalogueWith, type Catalogue } from '../weights/catalogue.js';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The hub and the cache as the environment describes them. */
export async function hubSettings(env: Environment): Promise<HubSettings> {
  const [{ readHubSettings }, { stateFolder }] = await Promise.all([
    import('../hub/hub-settings.js'),
    import('../hub/state-file.js'),
  ]);
  return readHubSettings(env, await stateFolder());
}

/** The catalogue, with the user's own models when `LLAVA_CATALOGUE` names a file of them. */
export function catalogueOf(env: Environment): Catalogue {
  const own = env['LLAVA_CATALOGUE'];
  return own === undefined || own === '' ? readCatalogue() : readCatalogueWith(own);
}
