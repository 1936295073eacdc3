import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { itCompletesLines } from '../shells/completes-lines.js';

const folder = temporaryFolder();
const catalogue = join(folder, 'catalogue.json');
const own = { about: 'mine', licence: { name: 'none' }, contextTokens: 1, memoryMiB: 1 };
const files = {
  model: { path: projectFile('models/demo/model.gguf') },
  mmproj: { path: projectFile('models/demo/mmproj.gguf') },
};
writeFileSync(catalogue, JSON.stringify({ models: { 'my-llava': { ...own, files } } }));

describe('in bash', () => {
  itCompletesLines('bash');
});

describe('llava complete', () => {
  it.each([
    ['says which models are here', ['pull', 'demo'], /^demo\ton this machine: A LLaVA-1\.5 [^\n]*\n:4\n$/],
    ['knows your own models', ['ask', '--model', 'my-'], /^my-llava\ton this machine: mine\n:4\n$/],
    ['knows the models’ short names', ['models', 'rm', '13'], /^13b\t/m],
    ['knows commands of commands', ['eval', 'sc'], /^score\t[^\n]*\n:4\n$/],
    ['leaves folders to the shell', ['batch', '--image-folder', ''], /^:16\n$/],
    ['knows that options have ended', ['ask', '--', '-q', '-'], /^jpg\n[^]*:8\n$/],
    ['has nothing to say about a question', ['ask', ''], /^:4\n$/],
    ['has nothing to say about no command', ['nope', ''], /^:4\n$/],
  ])('%s', async (_, words, answer) => {
    const env = { LLAVA_CATALOGUE: catalogue };
    const run = await runLlava(['complete', '--', ...words], { env });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(answer);
  });

  it('is not hindered by settings that are wrong', async () => {
    const run = await runLlava(['complete', '--', 'feat'], { env: { LLAVA_CONFIG: folder } });
    expect(run.stdout).toMatch(/^features\t/);
  });
});

describe('llava completion', () => {
  it.each([
    ['zsh', /^#compdef llava\n/],
    ['fish', /^complete -c llava /m],
    ['powershell', /^Register-ArgumentCompleter -CommandName 'llava' /m],
  ])('%s', async (shell, script) => {
    const run = await runLlava(['completion', shell]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(script);
  });

  it('of another shell says which there are', async () => {
    const run = await runLlava(['completion', 'tcsh']);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/'tcsh' is invalid[^\n]*Allowed choices are bash, zsh, fish, powershell/);
  });
});
