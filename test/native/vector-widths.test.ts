import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { expect, it } from 'vitest';
import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import { projectFile } from '../helpers/run-llava.js';

/** What a process of its own computes, since a processor is looked at once. */
async function computed(env: Record<string, string>): Promise<unknown> {
  const script = fileURLToPath(new URL('print-computed.ts', import.meta.url));
  const mmproj = projectFile('models/demo/mmproj.gguf');
  const { stdout } = await execaNode(script, [mmproj], { nodeOptions: ['--import', 'tsx'], env });
  return JSON.parse(stdout);
}

it('processors with and without AVX-512 compute the same to the bit', async () => {
  const here = await computed({});
  expect(here).toEqual(await computed({ LLAVA_NO_AVX512: '1' }));
  expect(here).toMatchObject({ features: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
});

it('our kernels know of the instruction sets that llama.cpp’s own use', async () => {
  await using backend = await loadBackend({ device: 'cpu' });
  const sets = ['AVX2', 'AVX512', 'AVX512_VNNI'].filter((name) => backend.cpuFeatures.has(name));
  expect(backend.addon.instructionSets).toEqual(process.arch === 'x64' ? sets : []);
});
