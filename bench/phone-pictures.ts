/*
 * A picture of 12 megapixels in HEIC and the same in JPEG, each through the real `llava ask` on the demo, in turn:
 *
 *   python test/fixtures/make_phone_picture.py FOLDER
 *   npm run bench:phone-pictures -- FOLDER [pairs]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { spread } from '../src/bench/figures.js';
import { LLAVA } from '../test/helpers/run-llava.js';

const [folder = '.', pairs = '11'] = process.argv.slice(2);
const nowhere = mkdtempSync(join(tmpdir(), 'llava-bench-'));

async function seconds(picture: string): Promise<number> {
  const args = ['ask', '--model', 'demo', 'What is it?', join(folder, picture)];
  const { durationMs } = await execa(process.execPath, [LLAVA, ...args], {
    stdin: 'ignore',
    env: { XDG_RUNTIME_DIR: nowhere },
  });
  return durationMs / 1000;
}

const times: Record<'heic' | 'jpeg' | 'difference', number[]> = { heic: [], jpeg: [], difference: [] };
for (let pair = 0; pair <= Number(pairs); pair++) {
  const jpeg = await seconds('phone.jpg');
  const heic = await seconds('phone.heic');
  // The first pair warms up.
  if (pair === 0) continue;
  times.jpeg.push(jpeg);
  times.heic.push(heic);
  times.difference.push(heic - jpeg);
}
rmSync(nowhere, { recursive: true });
process.stdout.write(
  `node ${process.version}, ${availableParallelism()} cores, ${pairs} pairs in turn after one warm-up\n`,
);
for (const [name, values] of Object.entries(times)) process.stdout.write(`${name}: ${spread(values)} s\n`);
