/*
 * Thousands of mutants of the demo's weights and of an adapter through the real `llava ask`: none may end the process
 * by a signal, compute for 20 s or show a stack. Build first: npm run build.
 * npm run test:weight-mutants [-- COUNT [FIRST-SEED]]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askMutants } from './ask-mutants.js';

const count = Number(process.argv[2] ?? 5000);
const first = Number(process.argv[3] ?? 0);
const folder = mkdtempSync(join(tmpdir(), 'llava-mutants-'));
const start = performance.now();
let told = 0;
const tally = await askMutants(
  folder,
  Array.from({ length: count }, (_, i) => first + i),
  ({ answered, refused, casualties }) => {
    for (; told < casualties.length; told++) process.stdout.write(`${JSON.stringify(casualties[told])}\n`);
    const done = answered + refused + casualties.length;
    if (done % 100 === 0)
      process.stderr.write(`${done} of ${count}: ${answered} answered, ${refused} refused\n`);
  },
);
const seconds = Math.round((performance.now() - start) / 1000);
const { answered, refused, casualties } = tally;
process.stdout.write(
  `${count} mutants in ${seconds} s: ${answered} answered, ${refused} refused, ${casualties.length} bad, kept in ${folder}\n`,
);
process.exitCode = casualties.length === 0 ? 0 : 1;
