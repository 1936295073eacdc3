import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';

/** Which rooms a room may import; files beside the rooms are the edge and may import all. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  llava: [],
  flow: [],
  files: ['llava'],
  forms: ['llava'],
  world: ['llava'],
  hub: ['llava'],
  checkpoints: ['llava', 'files', 'hub'],
  convert: ['llava', 'checkpoints', 'engine', 'weights'],
  engine: ['llava', 'files'],
  weights: ['llava', 'files', 'hub'],
  answer: ['llava', 'files', 'forms', 'engine'],
  opening: ['llava', 'engine', 'weights', 'hub'],
  batch: ['llava', 'flow', 'files', 'forms', 'engine', 'answer', 'weights'],
  chat: ['llava', 'flow', 'forms', 'engine', 'answer'],
  kept: ['llava', 'files', 'engine', 'opening'],
  remote: ['llava', 'files', 'engine', 'weights', 'opening', 'kept'],
  serve: ['llava', 'files', 'forms', 'engine', 'answer', 'batch', 'kept'],
  mcp: ['llava', 'flow', 'files', 'engine', 'answer', 'batch', 'serve'],
  eval: ['llava', 'files', 'world'],
  bench: ['llava', 'files', 'eval'],
  terminal: ['llava', 'engine', 'answer'],
  commands: [
    'llava',
    'flow',
    'files',
    'forms',
    'world',
    'hub',
    'engine',
    'checkpoints',
    'weights',
    'convert',
    'answer',
    'opening',
    'batch',
    'chat',
    'kept',
    'remote',
    'serve',
    'mcp',
    'eval',
    'bench',
    'terminal',
    'exit-codes.js',
  ],
};

/** Packages that belong to a room, or two. */
const ONLY_IN: Record<string, string | readonly string[]> = {
  'node-llama-cpp': 'engine',
  'lifecycle-utils': 'engine',
  'proper-lockfile': ['hub', 'kept'],
  sharp: 'llava',
  '@cfworker/json-schema': 'forms',
  hono: 'serve',
  '@hono/node-server': 'serve',
  'prom-client': 'serve',
  '@modelcontextprotocol/server': 'mcp',
  '@modelcontextprotocol/server/stdio': 'mcp',
  '@valibot/to-json-schema': 'mcp',
  '@bomb.sh/tab': 'commands',
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
  return parseSource(path, readFileSync(projectFile(`src/${path}`), 'utf8'));
}

function parseSource(path: string, text: string): SourceFile {
  const imports = [...text.matchAll(/(?:from|import\(?)\s*'([^']+)'/g)].map((match) => match[1]!);
  return { path, room: path.split('/')[0]!, text, imports };
}

function roomOf(file: SourceFile, specifier: string): string {
  return targetOf(file, specifier).split('/')[0]!;
}

/** From src, with the ending that the import has. */
function targetOf(file: SourceFile, specifier: string): string {
  return normalize(join(dirname(file.path), specifier));
}

/** Files by what imports call them, each with the files it imports: by value, as a type, as a re-export, or later. */
function importGraph(sources: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const nodeOf = ({ path }: SourceFile) => path.replace(/\.tsx?$/, '.js');
  const nodes = new Set(sources.map(nodeOf));
  return new Map(
    sources.map((file) => {
      const relative = file.imports.filter((specifier) => specifier.startsWith('.'));
      const targets = relative.map((specifier) => targetOf(file, specifier));
      return [nodeOf(file), targets.filter((target) => nodes.has(target))];
    }),
  );
}

/** A cycle for each import that closes one, such as `a.js → b.js → a.js`. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const follow = (node: string, way: readonly string[]) => {
    const start = way.indexOf(node);
    if (start !== -1) cycles.push([...way.slice(start), node].join(' → '));
    if (start !== -1 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) follow(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) follow(node, []);
  return cycles;
}

/** Files beside the rooms are drawn as one. */
function nameOfRoom(room: string): string {
  return room.includes('.') ? 'main' : room;
}

/** Edges that no longer way stands for, such as `a → b`; sorted. */
function directEdges(edges: readonly (readonly [from: string, to: string])[]): readonly string[] {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges)
    if (from !== to && to !== 'main') graph.set(from, (graph.get(from) ?? new Set()).add(to));
  const reaches = (from: string, to: string): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...graph]
    .flatMap(([from, targets]) =>
      [...targets]
        .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
        .map((to) => `${from} → ${to}`),
    )
    .sort();
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
    const taken = file.imports.filter((name) => ![ONLY_IN[name] ?? file.room].flat().includes(file.room));
    expect(taken).toEqual([]);
  });

  it('leaves the process to main', () => {
    if (file.path === 'main.ts') return;
    // Stops by a shell's job control end nothing, and matter only while the chat is on the screen.
    const listens = file.path === 'terminal/screen/job-control.ts' ? '' : '|on\\(';
    expect(file.text).not.toMatch(new RegExp(`process\\.(exit\\b|exitCode|argv${listens})`));
    expect(file.text).not.toMatch(/console\./);
  });

  it('is at most 400 lines', () => {
    expect(file.text.split('\n').length).toBeLessThanOrEqual(400);
  });
});

describe('the files of src', () => {
  it('import each other without cycles', () => {
    expect(cyclesOf(importGraph(files))).toEqual([]);
  });

  it('lie in rooms without cycles', () => {
    expect(cyclesOf(new Map(Object.entries(MAY_IMPORT)))).toEqual([]);
  });

  it('are what docs/architecture.md draws', () => {
    const drawn = [
      ...readFileSync(projectFile('docs/architecture.md'), 'utf8').matchAll(
        /^ {2}(\w+)(?:\[.*?\])? --> (\w+)/gm,
      ),
    ];
    const imported = files.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => [nameOfRoom(file.room), nameOfRoom(roomOf(file, specifier))] as const),
    );
    expect(drawn.map(([, from, to]) => `${from} → ${to}`).sort()).toEqual(directEdges(imported));
  });

  it.each([
    ["import './b.js';", "import type { A } from './a.js';"],
    ["export { b } from './b.js';", "const a = await import('./a.js');"],
  ])('would be caught with %j and %j', (a, b) => {
    const graph = importGraph([parseSource('room/a.ts', a), parseSource('room/b.tsx', b)]);
    expect(cyclesOf(graph)).toEqual(['room/a.js → room/b.js → room/a.js']);
  });
});
