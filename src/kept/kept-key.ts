import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EngineWishes } from '../opening/engine-opening.js';
import type { Environment } from '../opening/environment.js';
import type { FoundWeights } from '../opening/find-weights.js';

/** Settings that make one engine another. */
export interface KeptWishes extends EngineWishes {
  /** Questions side by side. Default: what fits. */
  readonly parallel?: number;
}

/** Drivers and ggml read theirs when the process begins, so an engine that began with others is another. */
const ENGINE_VARIABLE = /^(CUDA|GGML|HIP|ROCR)_/;

/** Tells engines of other weights or settings apart; the same weights under the same settings have the same key. */
export function keptKey(
  { model, mmproj, lora = [], conversation }: FoundWeights,
  wishes: KeptWishes,
  env: Environment,
): string {
  const facts = {
    files: [model, mmproj, ...lora].map(factsOfFile),
    conversation: conversation.name,
    wishes: engineWishes(wishes),
    variables: Object.entries(env)
      .filter(([name]) => ENGINE_VARIABLE.test(name))
      .sort(),
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

/** Of a command's flags those that the engine is opened with, its folder wherever the command ran. */
export function engineWishes(flags: KeptWishes): KeptWishes {
  const { device, threads, gpuLayers, context, kvType, imageTokens, parallel } = flags;
  const { cache, cachePrefixes, cacheSize } = flags;
  const folder = typeof cache === 'string' ? resolve(cache) : cache;
  const isCaching = cache !== undefined || cachePrefixes === true;
  return {
    ...{ device, threads, gpuLayers, context, kvType, imageTokens, parallel },
    ...(isCaching ? { cache: folder, cachePrefixes, cacheSize } : {}),
  } as KeptWishes;
}

/** Files that were changed are others. */
function factsOfFile(path: string): readonly (string | number)[] {
  const { size, mtimeMs, ino } = statSync(path);
  return [realpathSync(path), size, mtimeMs, ino];
}
