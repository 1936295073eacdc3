/** Runs the test files that are named, which lie beside this one when it is built, and prints what came of them. */
import { startTests, type Task, type VitestRunner } from '@vitest/runner';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const MINUTES = 60_000;

const runner: VitestRunner = {
  config: {
    root: import.meta.dirname,
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 5 * MINUTES,
    hookTimeout: 5 * MINUTES,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (file) => import(pathToFileURL(file).href),
};

const names = process.argv.slice(2);
const files = await startTests(
  names.map((name) => path.join(import.meta.dirname, `${name}.test.js`)),
  runner,
);
const counts = { passed: 0, failed: 0 };
for (const file of files) report(file, '');
process.stdout.write(`${JSON.stringify(counts)}\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

function report(task: Task, above: string): void {
  const name = above === '' ? path.basename(task.name) : `${above} > ${task.name}`;
  if (task.type === 'test' && task.result?.state === 'pass') counts.passed += 1;
  if (task.result?.state === 'fail' && (task.type === 'test' || task.result.errors !== undefined)) {
    counts.failed += 1;
    const why = task.result.errors?.map(({ message }) => message).join('; ');
    process.stdout.write(`FAILED ${name}: ${why ?? 'no reason given'}\n`);
  }
  if ('tasks' in task) for (const each of task.tasks) report(each, name);
}
