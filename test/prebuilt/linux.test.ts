import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();

/** What an addon says of itself while no llama.cpp is loaded. */
async function saidBy(addon: string): Promise<Record<string, unknown>> {
  const output = join(folder, 'output.json');
  await execa(process.execPath, [projectFile('test/prebuilt/without-llama.mjs'), projectFile(addon), output]);
  return JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>;
}

it('does what the one that was built here does, with the same kernels', async () => {
  const prebuilt = await saidBy(`prebuilds/linux-${process.arch}/llava_native.node`);
  expect(prebuilt).toEqual(await saidBy('native/build/Release/llava_native.node'));
});
