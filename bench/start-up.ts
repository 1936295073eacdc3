/*
 * Cold start to exit of the real binary, and the same question to a kept engine, in turn: npm run bench:start-up [runs]
 * [BEFORE] [PICTURE], where BEFORE is another built checkout to compare with.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { median, spread } from '../src/bench/figures.js';
import { LLAVA, projectFile } from '../test/helpers/run-llava.js';

const [runs = '7', before, picture = projectFile('examples/shapes.png')] = process.argv.slice(2);
const question = ['ask', '--model', 'demo', 'What color is the circle?', picture];
/** Kept engines of this machine's user stay out of it. */
const nowhere = mkdtempSync(join(tmpdir(), 'llava-bench-'));
const keeping = mkdtempSync(join(tmpdir(), 'llava-bench-'));

interface Contender {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly runtime: string;
}

const commands: [name: string, args: readonly string[]][] = [
  ['llava ask, demo model', question],
  ['llava --help', ['--help']],
  ['llava ask, missing picture', ['ask', '--model', 'demo', 'What is it?', 'none.png']],
];
const contenders: Contender[] = commands.flatMap(([name, args]) => [
  { name, program: LLAVA, args, runtime: nowhere },
  ...(before === undefined
    ? []
    : [{ name: `${name}, before`, program: join(before, 'bin/llava.js'), args, runtime: nowhere }]),
]);
contenders.push({ name: 'llava ask, kept engine', program: LLAVA, args: question, runtime: keeping });

async function run({ program, args, runtime }: Omit<Contender, 'name'>): Promise<number> {
  const env = { XDG_RUNTIME_DIR: runtime };
  const { durationMs } = await execa(process.execPath, [program, ...args], {
    reject: false,
    stdin: 'ignore',
    env,
  });
  return durationMs / 1000;
}

process.stdout.write(
  `node ${process.version}, ${availableParallelism()} cores, ${runs} runs in turn after one warm-up\n`,
);
await run({ program: LLAVA, args: [...question, '--keep', '10m'], runtime: keeping });
const seconds = contenders.map((): number[] => []);
for (let round = 0; round <= Number(runs); round++)
  for (const [index, contender] of contenders.entries()) {
    const time = await run(contender);
    if (round > 0) seconds[index]?.push(time);
  }
await run({ program: LLAVA, args: ['stop', '--all'], runtime: keeping });
for (const folder of [nowhere, keeping]) rmSync(folder, { recursive: true });

const cold = median(seconds[0] ?? []);
for (const [index, { name }] of contenders.entries()) {
  const values = seconds[index] ?? [];
  process.stdout.write(
    `${name}: ${spread(values, 3)} s, ${(median(values) / cold).toFixed(2)} of the first\n`,
  );
}
