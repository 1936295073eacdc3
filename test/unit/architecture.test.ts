import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';

/** Which rooms a room may import; files beside the rooms are the edge and may import all. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  llava: [],
  files: ['llava'],
  forms: ['llava'],
  world: ['llava'],
  hub: ['llava'],
  engine: ['llava', 'files'],
  weights: ['llava', 'files', 'hub'],
  answer: ['llava', 'files', 'forms', 'engine'],
  opening: ['llava', 'engine', 'weights', 'hub'],
  batch: ['llava', 'files', 'forms', 'engine', 'answer', 'weights'],
  chat: ['llava', 'forms', 'engine', 'answer'],
  eval: ['llava', 'files', 'world'],
  bench: ['llava', 'files', 'eval'],
  terminal: ['llava', 'engine', 'answer'],
  commands: [
    'llava',
    'files',
    'forms',
    'world',
    'hub',
    'engine',
    'weights',
    'answer',
    'opening',
    'batch',
    'chat',
    'eval',
    'bench',
    'terminal',
    'exit-codes.js',
  ],
};

/** Packages that belong to one room. */
const ONLY_IN: Record<string, string> = {
  'node-llama-cpp': 'engine',
  'lifecycle-utils': 'engine',
  'proper-lockfile': 'hub',
  sharp: 'llava',
  '@cfworker/json-schema': 'forms',
  chalk: 'terminal',
  ink: 'terminal',
  ora: 'terminal',
  react: 'terminal',
  sixel: 'terminal',
  'string-width': 'terminal',
  'supports-terminal-graphics': 'terminal',
};

interface SourceFile {
  /** From src, such as `llava/prompt.ts`. */
  readonly path: string;
  /** First folder; the file's own name at the edge. */
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = readdirSync(projectFile('src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path))
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(projectFile(`src/${path}`), 'utf8');
  const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
  return { path, room: path.split('/')[0]!, text, imports };
}

function roomOf(file: SourceFile, specifier: string): string {
  return normalize(join(dirname(file.path), specifier)).split('/')[0]!;
}

describe.each(files)('src/$path', (file) => {
  const relative = file.imports.filter((specifier) => specifier.startsWith('.'));

  it('imports only the rooms it may', () => {
    const allowed = MAY_IMPORT[file.room];
    if (allowed === undefined) expect(file.path).not.toContain('/');
    const others = relative.map((specifier) => roomOf(file, specifier)).filter((room) => room !== file.room);
    const forbidden = allowed === undefined ? [] : others.filter((room) => !allowed.includes(room));
    expect(forbidden).toEqual([]);
  });

  it('leaves packages to the rooms they belong to', () => {
    const taken = file.imports.filter((name) => ONLY_IN[name] !== undefined && ONLY_IN[name] !== file.room);
    expect(taken).toEqual([]);
  });

  it('leaves the process to main', () => {
    if (file.path === 'main.ts') return;
    expect(file.text).not.toMatch(/process\.(exit\b|exitCode|argv|on\()/);
    expect(file.text).not.toMatch(/console\./);
  });

  it('is at most 400 lines', () => {
    expect(file.text.split('\n').length).toBeLessThanOrEqual(400);
  });
});

describe('files', () => {
  it('import each other in one direction only, types and lazy imports included', () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const targets = (file: SourceFile) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => normalize(join(dirname(file.path), specifier)).replace(/\.js$/, ''))
        .map((path) => byPath.get(`${path}.ts`) ?? byPath.get(`${path}.tsx`))
        .filter((target) => target !== undefined);
    const done = new Set<SourceFile>();
    const cycles: string[] = [];
    const visit = (file: SourceFile, way: readonly SourceFile[]) => {
      const start = way.indexOf(file);
      if (start >= 0) cycles.push([...way.slice(start), file].map(({ path }) => path).join(' → '));
      if (start >= 0 || done.has(file)) return;
      for (const target of targets(file)) visit(target, [...way, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
