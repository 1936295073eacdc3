import { join } from 'node:path';
import type { CacheFolder } from '../engine/cache-folder.js';
import type { FeatureCache } from '../engine/feature-cache.js';
import { warn } from '../terminal/report-error.js';
import type { CommandContext } from './command-context.js';
import type { CacheFlags } from './option-groups.js';

const GIGABYTE = 1e9;
const DEFAULT_GIGABYTES = 4;

/** What is kept on disk between runs. */
export interface Cache {
  readonly features: FeatureCache;
  /** Where evaluated prefixes are kept as well; undefined when they are not. */
  readonly prefixes: CacheFolder | undefined;
}

/** The cache that the flags ask for; undefined when they ask for none. */
export async function openCache(
  { cache, cachePrefixes, cacheSize = DEFAULT_GIGABYTES }: CacheFlags,
  { io }: CommandContext,
): Promise<Cache | undefined> {
  if (cache === undefined && cachePrefixes !== true) return undefined;
  const [{ CacheFolder }, { FeatureCache }] = await Promise.all([
    import('../engine/cache-folder.js'),
    import('../engine/feature-cache.js'),
  ]);
  const path = typeof cache === 'string' ? cache : await defaultFolder();
  const folder = new CacheFolder(path, cacheSize * GIGABYTE, (reason) => {
    warn(io, reason);
  });
  return { features: new FeatureCache(folder), prefixes: cachePrefixes === true ? folder : undefined };
}

/** The platform's folder for caches, on Linux `$XDG_CACHE_HOME/llava/features`. */
async function defaultFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return join(envPaths('llava', { suffix: '' }).cache, 'features');
}
