import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { relativeError } from '../reference/compare.js';
import type { DeviceAnswers } from './answer-on-device.js';

/*
 * The whole path on Mesa's software device, which stands in for a GPU: Debian's mesa-vulkan-drivers. Its shaders
 * are compiled by LLVM the first time, which takes minutes, and kept by Mesa in the user's cache folder.
 */

// ggml leaves software devices out unless told; narrow vectors are compiled in half the time.
const env = { GGML_VK_VISIBLE_DEVICES: '0', LP_NATIVE_VECTOR_WIDTH: '128' };
const QUESTIONS = 100;
const SCENES = 10;
const FEW_SCENES = 1;
const FEATURE_BOUND = 5e-3;
const MINUTES = 60_000;

async function answersOn(device: string, layers: string, scenes: number): Promise<DeviceAnswers> {
  const script = fileURLToPath(new URL('answer-on-device.ts', import.meta.url));
  const each = String(QUESTIONS / SCENES);
  const { stdout } = await execa(
    process.execPath,
    ['--import', 'tsx', script, device, layers, String(scenes), each],
    { env },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as DeviceAnswers;
}

let cpu: DeviceAnswers;
beforeAll(async () => {
  cpu = await answersOn('cpu', '0', SCENES);
}, MINUTES);

describe('everything on a Vulkan device', () => {
  let vulkan: DeviceAnswers;
  beforeAll(async () => {
    vulkan = await answersOn('vulkan', 'all', SCENES);
  }, 9 * MINUTES);

  it('says so', () => {
    expect(vulkan.info).toMatchObject({ device: 'vulkan', gpuLayers: 7, layers: 7, towerOn: 'device' });
    expect(vulkan.info.deviceNames).toEqual([expect.stringContaining('llvmpipe')]);
  });

  it('is really there: the host keeps the token embedding and the inputs of the graph', () => {
    const [weights, tower] = [4e6, 2e6];
    // 512 positions of 6 blocks, keys and values of 160 numbers in 16 bits.
    const kvCache = 512 * 6 * 2 * 160 * 2;
    expect(vulkan.memory.deviceBytes).toBeGreaterThan(weights + tower + kvCache);
    expect(vulkan.memory.hostBytes).toBeLessThan(2e6);
    expect(cpu.memory).toEqual({ deviceBytes: 0, hostBytes: expect.any(Number) as number });
    expect(cpu.memory.hostBytes).toBeGreaterThan(weights + tower + kvCache);
  });

  it(`gives the CPU's answers to ${QUESTIONS} questions`, () => {
    expect(cpu.answers).toHaveLength(QUESTIONS);
    expect(new Set(cpu.answers).size).toBeGreaterThan(5);
    expect(vulkan.answers).toEqual(cpu.answers);
  });

  it("makes the CPU's image features", () => {
    for (const [scene, features] of vulkan.features.entries())
      expect(relativeError(features, cpu.features[scene]!)).toBeLessThan(FEATURE_BOUND);
  });

  it('would notice features of another picture', () => {
    expect(relativeError(vulkan.features[0]!, cpu.features[1]!)).toBeGreaterThan(20 * FEATURE_BOUND);
  });
});

describe('two of the layers on a Vulkan device', () => {
  let partial: DeviceAnswers;
  beforeAll(async () => {
    partial = await answersOn('vulkan', '2', FEW_SCENES);
  }, 9 * MINUTES);

  it('splits weights and KV cache', () => {
    expect(partial.info).toMatchObject({ device: 'vulkan', gpuLayers: 2, layers: 7, towerOn: 'device' });
    // The last block and the output are there; five blocks and the token embedding are not.
    expect(partial.memory.deviceBytes).toBeGreaterThan(3e6);
    expect(partial.memory.hostBytes).toBeGreaterThan(3e6);
  });

  it("gives the CPU's answers", () => {
    expect(partial.answers).toEqual(cpu.answers.slice(0, partial.answers.length));
    expect(partial.answers.length).toBe((FEW_SCENES * QUESTIONS) / SCENES);
  });
});

// Here and not among the other tests of commands: the shaders are compiled by now.
describe('commands on a Vulkan device', () => {
  it('llava ask puts there what it is told to', async () => {
    const options = ['--device', 'vulkan', '--gpu-layers', 'all', '--context', '512', '--json'];
    const picture = projectFile('examples/shapes.png');
    const run = await runLlava(['ask', '-f', 'short', ...options, 'What color is the circle?', picture], {
      env,
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ answer: 'Red', device: 'vulkan' });
  });

  it('llava doctor finds it and tests it', async () => {
    const run = await runLlava(['doctor', '--json'], { env });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const { devices } = JSON.parse(run.stdout) as { devices: readonly { readonly kind: string }[] };
    const vulkan = devices.find(({ kind }) => kind === 'vulkan');
    expect(vulkan).toMatchObject({ isUsable: true, selfTest: { ok: true, result: { answer: 'Red' } } });
  });
});
