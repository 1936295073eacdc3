import { join } from 'node:path';
import type { FeatureCache } from '../engine/feature-cache.js';
import { warn } from '../terminal/report-error.js';
import type { CommandContext } from './command-context.js';
import type { CacheFlags } from './option-groups.js';

const GIGABYTE = 1e9;
const DEFAULT_GIGABYTES = 4;

/** The cache of image features that the flags ask for; undefined when they ask for none. */
export async function openCache(
  { cache, cacheSize = DEFAULT_GIGABYTES }: CacheFlags,
  { io }: CommandContext,
): Promise<FeatureCache | undefined> {
  if (cache === undefined) return undefined;
  const { FeatureCache } = await import('../engine/feature-cache.js');
  const folder = cache === true ? await defaultFolder() : cache;
  return new FeatureCache(folder, cacheSize * GIGABYTE, (reason) => {
    warn(io, reason);
  });
}

/** The platform's folder for caches, on Linux `$XDG_CACHE_HOME/llava/features`. */
async function defaultFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return join(envPaths('llava', { suffix: '' }).cache, 'features');
}
