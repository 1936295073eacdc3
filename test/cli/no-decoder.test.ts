import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeRows } from '../batch/batch-files.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const picture = projectFile('examples/shapes.png');
const rows = writeRows(join(temporaryFolder(), 'rows.jsonl'), [{ image: picture, question: 'What is it?' }]);
/** Makes sharp look for binaries of a processor that it has none for. */
const processor = "Object.defineProperty(process, 'arch', { value: 'mips' })";

it.each([
  ['features', [picture, '-o', '-']],
  ['batch', [rows]],
  ['doctor', []],
])('sharp that has no binary here is told: %s', async (command, args) => {
  const run = await runLlava([command, ...args], {
    env: { NODE_OPTIONS: `--import "data:text/javascript,${processor.replaceAll(' ', '%20')}"` },
  });
  expect(run).toMatchObject({ exitCode: 4, stdout: expect.not.stringContaining('"answer"') as string });
  expect(run.stderr).toContain('sharp, which decodes pictures, has no binary for linux-mips that runs here.');
  expect(run.stderr).not.toContain('defect');
});
