/* Cold start to exit of the real binary: npm run bench:start-up [runs] */
import { availableParallelism } from 'node:os';
import { execa } from 'execa';
import { spread } from '../src/bench/figures.js';
import { LLAVA, projectFile } from '../test/helpers/run-llava.js';

const picture = projectFile('examples/shapes.png');
const commands: [name: string, args: readonly string[]][] = [
  ['llava ask, demo model', ['ask', '--model', 'demo', 'What color is the circle?', picture]],
  ['llava --help', ['--help']],
  ['llava ask, missing picture', ['ask', '--model', 'demo', 'What is it?', 'none.png']],
];
const runs = Number(process.argv[2] ?? 7);

process.stdout.write(
  `node ${process.version}, ${availableParallelism()} cores, ${runs} runs after one warm-up\n`,
);
for (const [name, args] of commands) {
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const { durationMs } = await execa(process.execPath, [LLAVA, ...args], {
      reject: false,
      stdin: 'ignore',
    });
    if (run > 0) seconds.push(durationMs / 1000);
  }
  process.stdout.write(`${name}: ${spread(seconds)} s\n`);
}
