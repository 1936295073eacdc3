import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';

/** Which folders of native/ a folder may include; `failure.h`, beside them, is everybody's. */
const MAY_INCLUDE: Record<string, readonly string[]> = {
  addon: ['vision', 'bridge', 'kernels', 'ggml'],
  vision: ['kernels', 'gguf', 'ggml'],
  bridge: ['kernels', 'ggml'],
  kernels: ['ggml'],
  gguf: ['ggml'],
  ggml: [],
};

/** Within kernels/: one kind of kernel does not know another; what they share lies beside them. */
const KINDS_OF_KERNELS = ['attention', 'float', 'quantised'];

/** Headers from elsewhere that belong to one folder, or to one file. */
const ONLY_IN: Record<string, readonly string[]> = {
  'napi.h': ['addon/'],
  'AddonContext.h': ['addon/addon_context.cc'],
  'ggml-backend-impl.h': ['bridge/panel_device.cc', 'bridge/cpu_graph.cc'],
  'gguf.h': ['gguf/'],
  'immintrin.h': ['kernels/instruction_sets.h'],
  'intrin.h': ['kernels/instruction_sets.h'],
  'dlfcn.h': ['ggml/symbols.cc'],
  'windows.h': ['addon/windows_host.cc', 'ggml/symbols.cc', 'kernels/instruction_sets.h'],
};

interface NativeFile {
  /** From native, such as `kernels/dispatch.h`. */
  readonly path: string;
  readonly text: string;
  /** As they are written, quoted or in angle brackets. */
  readonly includes: readonly string[];
}

const files = readdirSync(projectFile('native'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(cc|h)$/.test(path) && !/^(build|build-asan|include)\//.test(path))
  .map(readNative);
const paths = new Set(files.map((file) => file.path));

function readNative(path: string): NativeFile {
  const text = readFileSync(projectFile(`native/${path}`), 'utf8');
  const includes = [...text.matchAll(/^#\s*include\s*["<]([^">]+)[">]/gm)].map((match) => match[1]!);
  return { path, text, includes };
}

function folderOf(path: string): string {
  return path.split('/')[0]!;
}

/** The files of native/ that a file includes. */
function ownIncludes({ includes }: NativeFile): readonly string[] {
  return includes.filter((name) => paths.has(name));
}

/** A way from a file back to itself, or undefined. */
function cycleFrom(start: string): readonly string[] | undefined {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    const file = files.find(({ path }) => path === way.at(-1))!;
    for (const next of ownIncludes(file)) {
      if (next === start) return [...way, next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

it('finds the native half', () => {
  expect([...new Set(files.map(({ path }) => folderOf(path)))].sort()).toEqual(
    ['failure.h', ...Object.keys(MAY_INCLUDE)].sort(),
  );
});

it('compiles every file', () => {
  const listed = readFileSync(projectFile('native/binding.gyp'), 'utf8').matchAll(/"<\(root\)\/(\S+\.cc)"/g);
  expect([...listed].map((match) => match[1])).toEqual(
    [...paths].filter((path) => path.endsWith('.cc')).sort(),
  );
});

describe.each(files)('native/$path', (file) => {
  it('includes only the folders it may', () => {
    const folder = folderOf(file.path);
    const allowed = [folder, 'failure.h', ...(MAY_INCLUDE[folder] ?? [])];
    expect(ownIncludes(file).filter((name) => !allowed.includes(folderOf(name)))).toEqual([]);
  });

  it('writes includes of native/ from native/', () => {
    const names = files.map(({ path }) => path.split('/').at(-1)!);
    const relative = file.includes.filter(
      (name) => !paths.has(name) && (name.startsWith('.') || names.includes(name.split('/').at(-1)!)),
    );
    expect(relative).toEqual([]);
  });

  it('leaves headers from elsewhere to those they belong to', () => {
    const taken = file.includes.filter((name) => {
      return ONLY_IN[name]?.some((place) => file.path.startsWith(place)) === false;
    });
    expect(taken).toEqual([]);
  });

  it('is in no circle of includes', () => {
    expect(cycleFrom(file.path)).toBeUndefined();
  });

  it('leaves vector instructions to the kernels', () => {
    if (folderOf(file.path) !== 'kernels') expect(file.text).not.toMatch(/\b_mm\d*_\w+|\b__m\d+/);
  });

  it('knows no other kind of kernel', () => {
    const [, kind = ''] = file.path.split('/');
    if (!file.path.startsWith('kernels/') || !KINDS_OF_KERNELS.includes(kind)) return;
    const others = KINDS_OF_KERNELS.filter((other) => other !== kind).map((other) => `kernels/${other}/`);
    expect(ownIncludes(file).filter((name) => others.some((other) => name.startsWith(other)))).toEqual([]);
  });

  it('ends no process', () => {
    expect(file.text).not.toMatch(
      /std::(?:abort|exit|_Exit|quick_exit|terminate)\b|\bGGML_(?:ABORT|ASSERT)\b/,
    );
  });
});
