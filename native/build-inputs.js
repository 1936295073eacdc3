/** What every build of the addon is made from: its own sources, node-llama-cpp's and node-addon-api's headers, llama.cpp's. */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BuildProblem, runProgram } from './run-program.js';

const folder = import.meta.dirname;

/** The folder of an installed package. @param {string} name */
export function packageFolder(name) {
  // Not by `package.json`, which a package may keep to itself.
  for (const base of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    if (fs.existsSync(path.join(base, name, 'package.json'))) return path.join(base, name);
  }
  throw new BuildProblem(`the package ${name} is not installed`);
}

/** The installed node-llama-cpp: its C++ headers, its version, and the llama.cpp release it brings. */
export function installedEngine() {
  const engine = packageFolder('node-llama-cpp');
  return {
    engine,
    bindings: path.join(engine, 'llama', 'addon'),
    engineVersion: String(readJson(path.join(engine, 'package.json'))['version']),
    release: String(readJson(path.join(engine, 'llama', 'binariesGithubRelease.json'))['release']),
  };
}

/** @param {string} file @returns {Record<string, unknown>} */
function readJson(file) {
  return /** @type {Record<string, unknown>} */ (JSON.parse(fs.readFileSync(file, 'utf8')));
}

/** The sources, from this folder: what binding.gyp lists. @returns {string[]} */
export function sourceFiles() {
  const list = fs.readFileSync(path.join(folder, 'binding.gyp'), 'utf8');
  return [...list.matchAll(/"<\(root\)\/([^"]+\.cc)"/g)].map(([, name = '']) => name);
}

/**
 * The folder of the installed release's C headers, unpacked from node-llama-cpp's git bundle unless it is there already.
 * @param {ReturnType<typeof installedEngine>} installed
 */
export async function unpackHeaders({ engine, release }) {
  const target = path.join(folder, 'include', release);
  if (fs.existsSync(path.join(target, 'ggml-backend-impl.h'))) return target;
  const scratch = fs.mkdtempSync(path.join(tmpdir(), 'llava-headers-'));
  try {
    const missing = 'git is needed to unpack the llama.cpp headers, and was not found';
    const repository = path.join(scratch, 'git');
    const tree = path.join(scratch, 'tree');
    const unpacked = path.join(scratch, 'headers');
    fs.mkdirSync(tree);
    await runProgram('git', ['init', '--quiet', '--bare', repository], missing);
    const git = ['--git-dir', repository];
    const bundle = path.join(engine, 'llama', 'gitRelease.bundle');
    const [commit = ''] = (await runProgram('git', [...git, 'bundle', 'unbundle', bundle], missing)).split(
      /\s/,
    );
    const backendHeader = 'ggml/src/ggml-backend-impl.h';
    const wanted = ['include', 'ggml/include', backendHeader];
    await runProgram(
      'git',
      [...git, '--work-tree', tree, 'checkout', '--quiet', commit, '--', ...wanted],
      missing,
    );
    fs.cpSync(path.join(tree, 'ggml', 'include'), unpacked, { recursive: true });
    fs.cpSync(path.join(tree, 'include'), unpacked, { recursive: true });
    fs.copyFileSync(path.join(tree, backendHeader), path.join(unpacked, path.basename(backendHeader)));
    fs.rmSync(path.join(folder, 'include'), { recursive: true, force: true });
    fs.cpSync(unpacked, target, { recursive: true });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  return target;
}
