import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { LittleMemory } from './open-in-little-memory.js';

/** Opens on a device whose buffers can be no larger than this. */
async function openWith(largestBuffer: number, ...contexts: number[]): Promise<LittleMemory> {
  const script = fileURLToPath(new URL('open-in-little-memory.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', script, ...contexts.map(String)], {
    env: { GGML_VK_VISIBLE_DEVICES: '0', GGML_VK_FORCE_MAX_BUFFER_SIZE: String(largestBuffer) },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as LittleMemory;
}

describe('a device without enough memory', () => {
  it('for a context: is given a smaller one', async () => {
    // Keys and values of 2048 positions take 7.9 MB; the language model takes 4.1, and 256 positions 1.
    const { contextSize, notes, outOfMemory } = await openWith(5e6, 2048, 256);
    expect({ contextSize, outOfMemory }).toEqual({ contextSize: 256, outOfMemory: undefined });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^Out of memory with 7 layers and the vision tower on the GPU/);
  });

  it('for any context: an error that says so, and no crash', async () => {
    const { outOfMemory, notes } = await openWith(5e6, 2048, 1536);
    expect(outOfMemory).toBe('A context of 1536 positions could not be created: out of memory.');
    expect(notes).toHaveLength(1);
  });

  it('for the language model', async () => {
    const { outOfMemory } = await openWith(3e6, 256);
    expect(outOfMemory).toMatch(/model\.gguf" could not be loaded: out of memory\.$/);
  });

  it('for the vision tower', async () => {
    const { outOfMemory } = await openWith(1e6, 256);
    expect(outOfMemory).toMatch(/vision tower/);
  });
});
