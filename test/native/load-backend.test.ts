import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainMissing, explainNoDevice } from '../../src/engine/devices/device-failure.js';
import { type DriverSearch, findDriver } from '../../src/engine/devices/find-driver.js';
import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import { parseCpuFeatures } from '../../src/engine/local/runtime/cpu-features.js';
import { tellsOutOfMemory } from '../../src/engine/local/runtime/llama-log.js';
import { projectFile } from '../helpers/run-llava.js';

const found: DriverSearch = {
  isPossible: true,
  driverName: "NVIDIA's driver (libcuda.so.1)",
  driver: '/usr/lib/libcuda.so.1',
  package: '@node-llama-cpp/linux-x64-cuda',
  packageIsInstalled: true,
};

describe('a GPU that cannot be had', () => {
  const here = findDriver('cuda');
  it.runIf(here.driver === undefined && here.isPossible)('by name: says what was looked for', async () => {
    const failure = await loadBackend({ device: 'cuda' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'engine',
      message: `Cannot use "cuda": ${here.driverName} was not found.`,
      hint: expect.stringContaining("Install NVIDIA's driver") as string,
    });
  });

  it.runIf(process.platform !== 'darwin')('of another platform: says so', async () => {
    await expect(loadBackend({ device: 'metal' })).rejects.toMatchObject({
      message: `Cannot use "metal": node-llama-cpp has no Metal binaries for ${process.platform}-${process.arch}.`,
    });
  });

  it('is explained by what is missing', () => {
    const reasons = [
      explainMissing('cuda', { ...found, driver: undefined }),
      explainMissing('cuda', { ...found, packageIsInstalled: false }),
      explainMissing('cuda', found),
      explainNoDevice('cuda', found),
    ];
    expect(reasons.map(({ reason }) => reason.replace(found.driverName, 'DRIVER'))).toEqual([
      'DRIVER was not found',
      'DRIVER was found, but the package @node-llama-cpp/linux-x64-cuda is not installed',
      'DRIVER was found, but the binaries of @node-llama-cpp/linux-x64-cuda do not run with it',
      'DRIVER was found, but it lists no GPU',
    ]);
    for (const { hint } of reasons) expect(hint).toMatch(/--device auto/);
  });
});

it('knows by what llama.cpp says that memory ran out', () => {
  const told = (line: string) => tellsOutOfMemory([line]);
  expect(told('llama_model_load: error loading model: unable to allocate Vulkan0 buffer')).toBe(true);
  expect(told('allocating 512.00 MiB on device 0: cudaMalloc failed: out of memory')).toBe(true);
  expect(told('ggml_vulkan: Requested buffer size exceeds …: ErrorOutOfDeviceMemory')).toBe(true);
  expect(told('llama_model_load: error loading model: tensor data is not within the file bounds')).toBe(
    false,
  );
});

it('reads the CPU features of a line with several backends', () => {
  const line = 'CUDA : ARCHS = 500 | USE_GRAPHS = 1 | CPU : AVX = 1 | AVX2 = 1 | AVX512 = 0 | REPACK = 1 | ';
  expect([...parseCpuFeatures(line)]).toEqual(['AVX', 'AVX2', 'REPACK']);
});

describe('node-llama-cpp in few files, as the build makes it', () => {
  const entry = projectFile('dist/program/node-llama-cpp.js');

  it('can be loaded, and shares its locks with us', async () => {
    const { Llama } = (await import(entry)) as { Llama: { _create: unknown } };
    expect(Llama._create).toBeTypeOf('function');
    expect(codeReadFrom(entry)).toMatch(/from ?"lifecycle-utils"/);
  });

  it('is read without what builds it, downloads for it and writes chat templates', () => {
    const code = codeReadFrom(entry);
    expect(code).toMatch(/LlamaModel ?= ?class/);
    // The last three are of simple-git, ora and @huggingface/jinja.
    expect(code).not.toMatch(/\b(LlamaChatSession|GitError|Ora|UnaryExpression)\b ?(= ?class|extends|\{)/);
  });
});

/** A module of the build with all that it imports before it runs. */
function codeReadFrom(path: string): string {
  const code = readFileSync(path, 'utf8');
  const imported = [...code.matchAll(/(?:from|\bimport) ?"\.\/(chunk-[^"]+)"/g)].map(([, name = '']) => name);
  return [code, ...imported.map((name) => codeReadFrom(join(dirname(path), name)))].join('\n');
}
