import { OutOfMemory } from '../runtime/out-of-memory.js';
import type { Placement } from './placement.js';

export interface LessOptions {
  /** The next smaller placement to try when memory ran out for one; undefined when there is none. Default: none. */
  readonly placeLess?: ((failed: Placement) => Placement | undefined) | undefined;
  /** Hears in a sentence what is tried instead. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Opens something; when memory runs out, opens it again with less on the device, for as long as there is less.
 * What a plan took for free can be gone by the time it is taken.
 * @throws OutOfMemory when even the smallest placement does not fit; all that `open` throws
 */
export async function openWithLess<T>(
  first: Placement,
  open: (placement: Placement) => Promise<T>,
  { placeLess, onNote }: LessOptions,
): Promise<T> {
  for (let placement = first; ;) {
    try {
      return await open(placement);
    } catch (error) {
      const less = error instanceof OutOfMemory ? placeLess?.(placement) : undefined;
      if (less === undefined) throw error;
      onNote?.(`Out of memory with ${describe(placement)}: trying ${describe(less)}.`);
      placement = less;
    }
  }
}

function describe({ gpuLayers, towerOn, contextSize }: Placement): string {
  const layers = gpuLayers === 1 ? '1 layer' : `${gpuLayers} layers`;
  const there = towerOn === 'device' ? `${layers} and the vision tower` : layers;
  return `${there} on the GPU and a context of ${contextSize}`;
}
