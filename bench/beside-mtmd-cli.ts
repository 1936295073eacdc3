/*
 * llava and llama.cpp's own llama-mtmd-cli in turn, same files, same threads:
 * npm run bench:mtmd -- LLAMA_MTMD_CLI MODEL.gguf MMPROJ.gguf PICTURE [threads] [runs]
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { LLAVA } from '../test/helpers/run-llava.js';
import { measure, spread, type Run } from './measure.js';

const [mtmd, model, mmproj, picture, threads = '2', runs = '3'] = process.argv.slice(2);
if (mtmd === undefined || model === undefined || mmproj === undefined || picture === undefined)
  throw new Error(
    'Usage: npm run bench:mtmd -- LLAMA_MTMD_CLI MODEL.gguf MMPROJ.gguf PICTURE [threads] [runs]',
  );

const TOKENS = '32';
const QUESTION = 'What is in the picture?';

/** Milliseconds by the name of the step. */
type Steps = Readonly<Record<string, number>>;

const llavaArgs = ['ask', '--gguf', model, '--mmproj', mmproj, '--json', '--max-tokens', TOKENS];
const mtmdArgs = [
  '-lv',
  '4',
  '-m',
  model,
  '--mmproj',
  mmproj,
  '-t',
  threads,
  '-n',
  TOKENS,
  '-c',
  '4096',
  '-ub',
  '640',
];
const measured: Record<string, { run: Run; steps: Steps }[]> = { llava: [], 'llama-mtmd-cli': [] };
for (let run = 0; run < Number(runs); run++) {
  readThrough(model);
  const ours = await measure(process.execPath, [LLAVA, ...llavaArgs, '--stats', QUESTION, picture]);
  measured['llava']?.push({ run: ours, steps: stepsOfLlava(ours) });
  readThrough(model);
  const theirs = await measure(mtmd, [
    ...mtmdArgs,
    ...['--temp', '0', '--chat-template', 'vicuna', '--image', picture, '-p', `<__media__>\n${QUESTION}`],
  ]);
  measured['llama-mtmd-cli']?.push({ run: theirs, steps: stepsOfMtmd(theirs) });
}

for (const [name, results] of Object.entries(measured)) {
  process.stdout.write(`\n${name}\n`);
  process.stdout.write(`  whole process: ${spread(results.map(({ run }) => run.seconds))} s\n`);
  process.stdout.write(
    `  peak memory: ${spread(
      results.map(({ run }) => run.peakMegabytes),
      0,
    )} MB\n`,
  );
  for (const step of Object.keys(results[0]?.steps ?? {}))
    process.stdout.write(
      `  ${step}: ${spread(
        results.map(({ steps }) => steps[step] ?? NaN),
        0,
      )} ms\n`,
    );
}

/** So that neither of the two pays for reading the disk. */
function readThrough(path: string): void {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(1 << 24);
  while (readSync(file, buffer) > 0);
  closeSync(file);
}

function stepsOfLlava({ stdout, stderr }: Run): Steps {
  const { ms, tokens } = JSON.parse(stdout) as { ms: Steps; tokens: Steps };
  const load = Number(/load (\d+) ms/.exec(stderr)?.[1]);
  return {
    load,
    encode: ms['encode'] ?? NaN,
    'evaluate the image': ms['look'] ?? NaN,
    'a token': (ms['answer'] ?? NaN) / ((tokens['answer'] ?? NaN) - 1),
  };
}

/** llama.cpp says these on stderr; "encoded" is the tower, "decoded" the evaluation of its features. */
function stepsOfMtmd({ stdout, stderr }: Run): Steps {
  const said = stdout + stderr;
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1]);
  return {
    load: number(/load time =\s+([\d.]+) ms/),
    encode: number(/batch encoding done in (\d+) ms/),
    'evaluate the image': number(/image decoded[^\n]* in (\d+) ms/),
    'a token': number(/print:\s+eval time =[^\n]*\(\s+([\d.]+) ms per token/),
  };
}
