import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';

/** Which rooms a room may import; files beside the rooms are the edge and may import all. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  llava: [],
  engine: ['llava'],
  hub: ['llava'],
  weights: ['llava', 'hub'],
  terminal: ['llava'],
  forms: ['llava'],
  files: ['llava'],
  flow: [],
  batch: ['llava', 'flow', 'files', 'forms', 'engine', 'weights'],
  world: ['llava'],
  eval: ['llava', 'files', 'world'],
  bench: ['llava', 'eval'],
  chat: ['llava', 'flow', 'engine'],
  commands: [
    'llava',
    'batch',
    'bench',
    'chat',
    'eval',
    'files',
    'forms',
    'world',
    'engine',
    'weights',
    'hub',
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
