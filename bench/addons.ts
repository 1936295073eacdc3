/*
 * The addon built on this machine and the prebuilt one, in turn on the same pair of 7B's shapes with few blocks:
 * npm run bench:addons [rounds], after `npm run build` and `npm run build:prebuilt -- linux-x64` (or this machine's).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { median, spread } from '../src/bench/figures.js';
import { LLAVA, projectFile } from '../test/helpers/run-llava.js';
import { SHAPE_OF_7B, writeRandomWeights } from './write-random-weights.js';

const BLOCKS = 4;
const STEPS = ['encode', 'look', 'question', 'answer'] as const;
const ADDONS = {
  'built here': 'native/build/Release/llava_native.node',
  prebuilt: `prebuilds/${process.platform}-${process.arch}/llava_native.node`,
};

const [rounds = '11'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'llava-bench-'));
try {
  const text = { ...SHAPE_OF_7B.text, blocks: BLOCKS };
  writeRandomWeights(folder, { ...SHAPE_OF_7B, text }, 'Q4_0');
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare(): Promise<void> {
  const taken = Object.entries(ADDONS).map(([name, addon]) => ({
    name,
    addon,
    ms: new Map<string, number[]>(),
  }));
  for (let round = 0; round <= Number(rounds); round++)
    for (const { addon, ms } of taken)
      for (const [step, time] of Object.entries(await ask(projectFile(addon))))
        // The first round warms up.
        if (round > 0) ms.set(step, [...(ms.get(step) ?? []), time]);
  const [here, prebuilt] = taken;
  for (const step of STEPS) {
    const [a = [], b = []] = [here?.ms.get(step), prebuilt?.ms.get(step)];
    process.stdout.write(
      `${step.padEnd(8)}  built here ${spread(a, 0)} ms, prebuilt ${spread(b, 0)} ms, ${(median(b) / median(a)).toFixed(3)}\n`,
    );
  }
}

/** Milliseconds of each step of one question. */
async function ask(addon: string): Promise<Readonly<Record<(typeof STEPS)[number], number>>> {
  const weights = ['--gguf', join(folder, 'model.gguf'), '--mmproj', join(folder, 'mmproj.gguf')];
  const question = ['What color is the circle?', projectFile('examples/shapes.png')];
  const { stdout } = await execa(
    process.execPath,
    [LLAVA, 'ask', ...weights, ...question, '--device', 'cpu', '--json', '--max-tokens', '8'],
    { env: { LLAVA_NATIVE_ADDON: addon, XDG_RUNTIME_DIR: folder } },
  );
  const { ms } = JSON.parse(stdout) as { ms: Record<(typeof STEPS)[number], number> };
  return ms;
}
