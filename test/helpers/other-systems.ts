import { execa } from 'execa';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectFile } from './run-llava.js';

/**
 * Installs packages of another system apart from this one's, unless they are there.
 * @returns their `node_modules`
 */
export async function installForOtherSystem(
  os: 'linux' | 'win32',
  cpu: 'x64' | 'arm64',
  packages: readonly string[],
): Promise<string> {
  const folder = projectFile(`node_modules/.cache/${os}-${cpu}`);
  const installed = join(folder, 'node_modules');
  // What npm writes when it is done.
  if (existsSync(join(installed, '.package-lock.json'))) return installed;
  mkdirSync(folder, { recursive: true });
  const quietly = ['--force', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  await execa('npm', ['install', '--prefix', folder, ...quietly, '--os', os, '--cpu', cpu, ...packages]);
  return installed;
}
