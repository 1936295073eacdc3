import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseRow } from '../../src/batch/rows/parse-row.js';
import { ROW_ERROR_CODES } from '../../src/batch/rows/row-error.js';
import { projectFile } from '../helpers/run-llava.js';

it('docs/batch.md has the table of errors', () => {
  const rows = readFileSync(projectFile('docs/batch.md'), 'utf8').matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm);
  const codes = [...rows].map(([, code, meaning]) => [code, meaning]);
  expect(codes.slice(-Object.keys(ROW_ERROR_CODES).length)).toEqual(Object.entries(ROW_ERROR_CODES));
});

it.each([
  ['questions.jsonl', 'own'],
  ['llava-questions.jsonl', 'llava'],
  ['openai-batch.jsonl', 'openai'],
])('examples/%s holds rows of shape %s', (name, shape) => {
  const lines = readFileSync(projectFile(`examples/${name}`), 'utf8')
    .trimEnd()
    .split('\n');
  const defaults = { sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: 512 } };
  const rows = lines.map((text, place) =>
    parseRow({ number: place + 1, bytes: text.length, text }, defaults),
  );
  for (const row of rows) expect(row).toMatchObject({ shape, question: {} });
});
