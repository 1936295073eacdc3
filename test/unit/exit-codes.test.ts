import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/exit-codes.js';
import { projectFile } from '../helpers/run-llava.js';

it('docs/cli.md lists exactly the exit codes there are', () => {
  const table = readFileSync(projectFile('docs/cli.md'), 'utf8').matchAll(/^\| (\d+) +\|/gm);
  expect([...table].map((row) => Number(row[1]))).toEqual(Object.values(EXIT_CODES));
});
