import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileType } from '../../src/convert/quantising/file-types.js';
import { readImatrix } from '../../src/convert/quantising/read-imatrix.js';
import { writeQuantised } from '../../src/convert/quantising/write-quantised.js';

/* Quantises files of the current folder as its arguments say, SOURCE TYPE [IMATRIX] with commas; prints what came of each. */

const outcomes: Record<string, string> = {};
for (const wanted of process.argv.slice(2)) {
  const [source = '', type = '', imatrix] = wanted.split(',');
  const target = `${wanted}.gguf`;
  try {
    const importance = imatrix === undefined ? undefined : await readImatrix(imatrix);
    await writeQuantised(source, target, fileType(type), { origin: 'test', threads: 2, importance });
    outcomes[wanted] = createHash('sha256').update(readFileSync(target)).digest('hex');
  } catch (error) {
    const left = [target, `${target}.part`].filter((path) => existsSync(path));
    outcomes[wanted] = [String(error), ...left].join(' ');
  }
}
process.stdout.write(JSON.stringify(outcomes));
