import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';

const ask = ['ask', '--format', 'short', 'What color is the circle?', projectFile('examples/shapes.png')];
const withoutGpus = { GGML_VK_VISIBLE_DEVICES: '', CUDA_VISIBLE_DEVICES: '-1' };

interface Row {
  readonly answer: string;
  readonly device: string;
}

describe('what is asked of the CPU is done', () => {
  it.each([
    ['the CPU', ['--device', 'cpu', '--threads', '2']],
    ['a small context', ['--context', '256']],
    ['a packed KV cache', ['--kv-type', 'q8_0']],
  ])('%s', async (_, options) => {
    const run = await runLlava([...ask, '--json', ...options]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(run.stdout) as Row).toMatchObject({ answer: 'Red', device: 'cpu' });
  });
});

describe('what cannot be had is an error of one line with the next step, never another device', () => {
  it.each([
    ['CUDA without it', ['--device', 'cuda'], 4, /Cannot use "cuda": .*(not found|no GPU|binaries)/],
    [
      'Vulkan without a GPU',
      ['--device', 'vulkan'],
      4,
      /Cannot use "vulkan": .*(lists no GPU|not found|binaries)/,
    ],
    ['layers on a GPU without one', ['--gpu-layers', '3'], 4, /--gpu-layers 3 needs a GPU/],
    ['a context beyond the model', ['--context', '4096'], 4, /more than the model's own 2048/],
    ['a context too small for a picture', ['--context', '64'], 4, /a picture takes 64 tokens/],
    ['an unknown device', ['--device', 'gpu'], 2, /Allowed choices are auto, cpu, cuda, vulkan, metal/],
    ['half a layer', ['--gpu-layers', '1.5'], 2, /whole number/],
  ])('%s', async (_, options, exitCode, says) => {
    const run = await runLlava([...ask, ...options], { env: withoutGpus });
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toMatch(says);
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(
      exitCode === 4 ? 2 : run.stderr.trimEnd().split('\n').length,
    );
  });
});
