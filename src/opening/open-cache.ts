import { join } from 'node:path';
import type { CacheFolder } from '../engine/local/caches/cache-folder.js';
import type { FeatureCache } from '../engine/local/caches/feature-cache.js';
import type { OpeningHost } from './opening-host.js';

const GIGABYTE = 1e9;
const DEFAULT_GIGABYTES = 4;

/** What to keep on disk between runs. */
export interface CacheChoice {
  /** A folder; `true` stands for the platform's own. */
  readonly cache?: string | true;
  readonly cachePrefixes?: boolean;
  readonly cacheSize?: number;
}

/** What is kept on disk between runs. */
export interface Cache {
  readonly features: FeatureCache;
  /** Where evaluated prefixes are kept as well; undefined when they are not. */
  readonly prefixes: CacheFolder | undefined;
}

/** The cache that was chosen; undefined when none was. */
export async function openCache(
  { cache, cachePrefixes, cacheSize = DEFAULT_GIGABYTES }: CacheChoice,
  host: Pick<OpeningHost, 'note'>,
): Promise<Cache | undefined> {
  if (cache === undefined && cachePrefixes !== true) return undefined;
  const [{ CacheFolder }, { FeatureCache }] = await Promise.all([
    import('../engine/local/caches/cache-folder.js'),
    import('../engine/local/caches/feature-cache.js'),
  ]);
  const path = typeof cache === 'string' ? cache : await defaultFolder();
  const folder = new CacheFolder(path, cacheSize * GIGABYTE, (reason) => {
    host.note(reason);
  });
  return { features: new FeatureCache(folder), prefixes: cachePrefixes === true ? folder : undefined };
}

/** The platform's folder for caches, on Linux `$XDG_CACHE_HOME/llava/features`. */
async function defaultFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return join(envPaths('llava', { suffix: '' }).cache, 'features');
}
