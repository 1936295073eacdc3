import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS, environmentName } from '../../src/commands/options/settings.js';
import { runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const config = (content: unknown, name = 'config.json') => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const describeCircle = (...options: string[]) => ['ask', ...options, 'Describe the image.', circle];

describe('settings', () => {
  it('come from the environment, and lose to the command line', async () => {
    const env = { LLAVA_MAX_TOKENS: '1' };
    const [set, given] = await Promise.all([
      runLlava(describeCircle(), { env }),
      runLlava(describeCircle('--max-tokens', '100'), { env }),
    ]);
    expect(set.stderr).toMatch(/cut off \(max-tokens\) after 1 token\./);
    expect(given.stderr).toBe('');
  });

  it('come from the config file, and lose to the environment', async () => {
    const path = config({ 'max-tokens': 1 });
    const [set, overridden] = await Promise.all([
      runLlava(describeCircle(), { env: { LLAVA_CONFIG: path } }),
      runLlava(describeCircle(), { env: { LLAVA_CONFIG: path, LLAVA_MAX_TOKENS: '100' } }),
    ]);
    expect(set.stderr).toMatch(/after 1 token/);
    expect(overridden.stderr).toBe('');
  });

  it('are read from where the platform keeps them', async () => {
    mkdirSync(join(folder, 'llava'));
    config({ model: '99b' }, 'llava/config.json');
    const run = await runLlava(describeCircle(), { env: { LLAVA_MODEL: '', XDG_CONFIG_HOME: folder } });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/no model "99b"/);
  });

  it.each([
    ['a wrong value', '{"temperature": 9}', /"temperature" in ".*" is "9": It takes a number from 0 to 2/],
    ['an unknown name', '{"temprature": 1}', /has "temprature", which is not a setting/],
    ['a value of the wrong kind', '{"model": true}', /has true for "model"/],
    ['no JSON', '{model', /is not JSON/],
    ['a list', '[]', /is not a JSON object/],
  ])('%s in the config file is an error that names it', async (_, content, says) => {
    const run = await runLlava(describeCircle(), { env: { LLAVA_CONFIG: config(content, 'bad.json') } });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n$/);
    expect(run.stderr).toMatch(says);
  });

  it('a config file that is named and missing is an error', async () => {
    const run = await runLlava(describeCircle(), { env: { LLAVA_CONFIG: join(folder, 'none.json') } });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/none\.json" cannot be read: no such file/);
  });

  it('a wrong value in the environment is an error that names it', async () => {
    const run = await runLlava(describeCircle(), { env: { LLAVA_SEED: 'lucky' } });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/LLAVA_SEED is "lucky": It takes a whole number/);
  });

  it('are options of ask or batch, every one', async () => {
    const helps = await Promise.all(['ask', 'batch'].map((name) => runLlava([name, '--help'])));
    const stdout = helps.map((help) => help.stdout).join('');
    for (const name of SETTINGS) expect(stdout).toContain(`--${name} `);
    expect(environmentName('gpu-layers')).toBe('LLAVA_GPU_LAYERS');
  });
});
