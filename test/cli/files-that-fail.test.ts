import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const none = join(folder, 'none');
const directory = join(folder, 'directory');
mkdirSync(directory);
const plain = join(folder, 'plain');
writeFileSync(plain, '');
const below = join(plain, 'below');
const rows = projectFile('examples/questions.jsonl');

/** Every place of the command line that takes a file to read. */
const READERS: Record<string, (path: string) => readonly string[]> = {
  'ask PICTURE': (path) => ['ask', 'What is it?', path],
  'ask --gguf': (path) => ['ask', '--gguf', path, '--mmproj', path, 'What is it?', circle],
  'ask --lora': (path) => ['ask', '--lora', path, 'What is it?', circle],
  'ask --labels-file': (path) => ['ask', '--labels-file', path, 'What is it?', circle],
  'ask --schema': (path) => ['ask', '--schema', path, 'What is it?', circle],
  'ask --grammar': (path) => ['ask', '--grammar', path, 'What is it?', circle],
  'batch ROWS': (path) => ['batch', path, '-o', join(folder, 'out.jsonl')],
  'batch --dry-run': (path) => ['batch', '--dry-run', path],
  'batch merge': (path) => ['batch', 'merge', path, path, '-o', join(folder, 'merged.jsonl')],
  'chat PICTURE': (path) => ['chat', path],
  'eval score': (path) => ['eval', 'score', 'pope', '--data', path, '--answers', path],
  'eval run': (path) => ['eval', 'run', 'pope', '--data', path, '-o', join(folder, 'run.jsonl')],
  'models info': (path) => ['models', 'info', path],
  'features PICTURE': (path) => ['features', path, '-o', join(folder, 'f.npy')],
};

/** Every place that takes a file to write. */
const WRITERS: Record<string, (path: string) => readonly string[]> = {
  'ask --draw': (path) => ['ask', '--format', 'box', 'the circle', circle, '--draw', path],
  'batch -o': (path) => ['batch', rows, '-o', path],
  'batch --journal': (path) => ['batch', rows, '--journal', path],
  'features -o': (path) => ['features', circle, '-o', path],
  'eval demo --html': (path) => ['eval', 'demo', '--scenes', '1', '--html', path],
  'eval prepare -o': (path) => ['eval', 'prepare', 'pope', '--data', folder, '-o', path],
};

describe('what the system says of a file is said in words', () => {
  const reading = Object.entries(READERS).flatMap(([name, args]) =>
    [none, directory, below].map((path) => [`${name} ${path.slice(folder.length)}`, args(path)] as const),
  );
  const writing = Object.entries(WRITERS).flatMap(([name, args]) =>
    [directory, below, join(none, 'below')].map(
      (path) => [`${name} ${path.slice(folder.length)}`, args(path)] as const,
    ),
  );

  it.each([...reading, ...writing])('%s', async (_, args) => {
    const { exitCode, stdout, stderr } = await runLlava(args);
    expect(exitCode).toBeGreaterThan(1);
    // The answer is there before its drawing fails.
    if (!args.includes('--draw')) expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n/m);
    expect(stderr).not.toMatch(/\bE[A-Z]{3,}\b|, (open|stat|read|mkdir|scandir|rename)\b|\n {4}at /);
  });
});
