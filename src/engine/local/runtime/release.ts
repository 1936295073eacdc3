import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../../../files/package-file.js';
import { ExpectedError } from '../../../llava/expected-error.js';

/** The manifests read here are installed with the tool, so their form is known. */
interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The llama.cpp release inside the installed node-llama-cpp, such as `v0.5.0`. */
export function llamaCppRelease(): string {
  const bundled = readJson(insideNodeLlamaCpp('llama/binariesGithubRelease.json')) as { release: string };
  return bundled.release;
}

/** The installed version of node-llama-cpp. */
export function nodeLlamaCppVersion(): string {
  return (readJson(insideNodeLlamaCpp('package.json')) as Manifest).version;
}

/**
 * The bridge reads internals of one exact version of node-llama-cpp: any other is refused.
 * @throws ExpectedError('engine') naming both versions.
 */
export function checkNodeLlamaCppVersion(): void {
  const needed = ownManifest().dependencies['node-llama-cpp'] ?? 'no version';
  const installed = nodeLlamaCppVersion();
  if (installed !== needed)
    throw new ExpectedError(
      'engine',
      `node-llama-cpp ${installed} is installed, but llava needs ${needed}.`,
      {
        hint: 'npm ci',
      },
    );
}

/** Of llava itself. */
export function llavaVersion(): string {
  return ownManifest().version;
}

/** One line for `--version`: the tool and what it runs on; servers are asked without node-llama-cpp. */
export function describeVersions(): string {
  if (!isInstalled()) return `llava ${llavaVersion()} (without node-llama-cpp)`;
  return `llava ${llavaVersion()} (node-llama-cpp ${nodeLlamaCppVersion()}, llama.cpp ${llamaCppRelease()})`;
}

function ownManifest(): Manifest {
  return readJson(packageFile('package.json')) as Manifest;
}

function isInstalled(): boolean {
  try {
    return existsSync(insideNodeLlamaCpp('package.json'));
  } catch {
    return false;
  }
}

function insideNodeLlamaCpp(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.resolve('node-llama-cpp')));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
