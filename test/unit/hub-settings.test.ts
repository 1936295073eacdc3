import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { blobPath, snapshotPath } from '../../src/hub/cache/layout.js';
import { readHubSettings } from '../../src/hub/hub-settings.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const HOME = temporaryFolder();
const read = (env: NodeJS.ProcessEnv) => readHubSettings({ HOME, USERPROFILE: HOME, ...env }, '/state');

describe('readHubSettings', () => {
  test.each<[NodeJS.ProcessEnv, string]>([
    [{}, join(HOME, '.cache/huggingface/hub')],
    [{ XDG_CACHE_HOME: '/xdg' }, '/xdg/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/xdg', HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '~/hf' }, join(HOME, 'hf/hub')],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '$DISK/new', DISK: '/disk' }, '/disk/new'],
    [{ HF_HUB_CACHE: '${NONE}/x', HF_HOME: '' }, join(process.cwd(), '${NONE}/x')],
    [{ HF_HUB_CACHE: '~' }, HOME],
  ])('finds the cache of %j', (env, folder) => {
    expect(read(env).cacheFolder).toBe(folder);
  });

  test('takes the endpoint without slashes at its end, and only of the web', () => {
    expect(read({}).endpoint).toBe('https://huggingface.co');
    expect(read({ HF_ENDPOINT: '' }).endpoint).toBe('https://huggingface.co');
    expect(read({ HF_ENDPOINT: 'http://mirror:8080/hf//' }).endpoint).toBe('http://mirror:8080/hf');
    for (const HF_ENDPOINT of ['hf-mirror.com', 'ftp://x', 'file:///etc'])
      expect(() => read({ HF_ENDPOINT })).toThrow(`HF_ENDPOINT is "${HF_ENDPOINT}"`);
  });

  test('reads switches as huggingface_hub does', () => {
    for (const HF_HUB_OFFLINE of ['1', 'on', 'Yes', 'TRUE'])
      expect(read({ HF_HUB_OFFLINE }).offline).toBe(true);
    for (const HF_HUB_OFFLINE of ['', '0', 'no', '2']) expect(read({ HF_HUB_OFFLINE }).offline).toBe(false);
    expect(read({ HF_HUB_DISABLE_SYMLINKS: '1' }).withoutSymlinks).toBe(true);
  });

  test('finds the token in the variables, then in the file', () => {
    expect(read({}).token).toBeUndefined();
    mkdirSync(join(HOME, 'hf'), { recursive: true });
    writeFileSync(join(HOME, 'hf/token'), ' hf_file\r\n');
    writeFileSync(join(HOME, 'other'), 'hf_other\n');
    expect(read({ HF_HOME: '~/hf' }).token).toBe('hf_file');
    expect(read({ HF_HOME: '~/hf', HF_TOKEN_PATH: '~/other' }).token).toBe('hf_other');
    expect(read({ HF_HOME: '~/hf', HF_TOKEN: ' hf_env ' }).token).toBe('hf_env');
    expect(read({ HF_HOME: '~/hf', HF_TOKEN: ' ' }).token).toBe('hf_file');
    expect(read({ HF_TOKEN: 'x', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token).toBeUndefined();
  });

  test.each(['hf_ä', 'hf a', 'hf\u0000', 'hf_\u{1f600}'])(
    'refuses the token %j without showing it',
    (HF_TOKEN) => {
      expect(() => read({ HF_TOKEN })).toThrow(
        /^The token in HF_TOKEN has characters that a request cannot carry\.$/,
      );
    },
  );

  test('names a token file that cannot be read', () => {
    expect(() => read({ HF_TOKEN_PATH: HOME })).toThrow(/cannot be read: it is a folder/);
  });
});

test('no path of a catalogue leads out of the cache', () => {
  for (const path of ['../x', 'a/../../x', '..']) {
    expect(() => snapshotPath('/hub', 'a/b', 'c', path)).toThrow('leads out of');
  }
  expect(() => snapshotPath('/hub', 'a/b', '..', 'blobs/x')).toThrow('leads out of');
  expect(() => blobPath('/hub', 'a/b', '../x')).toThrow('leads out of');
});

test.runIf(process.platform === 'linux')(
  'the state folder follows XDG_DATA_HOME of the process',
  async () => {
    const code = `import { stateFolder } from ${JSON.stringify(projectFile('src/hub/state-file.ts'))};
    process.stdout.write(await stateFolder());`;
    const tsx = projectFile('node_modules/tsx/dist/cli.mjs');
    const script = join(HOME, 'state.mts');
    writeFileSync(script, code);
    const { stdout } = await execa(process.execPath, [tsx, script], { env: { XDG_DATA_HOME: '/xdg/data' } });
    expect(stdout).toBe('/xdg/data/llava');
  },
);
