/**
 * Builds the addon: unpacks the llama.cpp headers that node-llama-cpp brings along, then runs node-gyp.
 *
 *     node native/build.js            run by `npm install`: a failure is explained in one line and is no failure
 *     node native/build.js --strict   `npm run build:native`: shows the compiler's output, exits with 1
 *     node native/build.js --asan     with AddressSanitizer, into native/build-asan; strict
 *
 * Does nothing when the sources, the release and Node's version are those of the last build. Needs git, python 3
 * and a C++17 compiler; no network.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';

const folder = import.meta.dirname;
const asan = process.argv.includes('--asan');
const strict = asan || process.argv.includes('--strict');

/** A step that did not work: `reason` in plain words, `output` of the program that failed. */
class BuildProblem extends Error {
  /** @param {string} reason @param {string} [output] */
  constructor(reason, output = '') {
    super(reason);
    this.output = output;
  }
}

/**
 * Runs a program quietly.
 * @param {string} program @param {string[]} args @param {string} missing what to say when there is no such program
 * @returns {string} its output
 */
function run(program, args, missing) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.error) throw new BuildProblem(missing, result.error.message);
  const output = result.stdout + result.stderr;
  const name = path.basename(program === process.execPath ? (args[0] ?? '') : program, '.js');
  if (result.status !== 0) throw new BuildProblem(`${name} failed`, output);
  return output;
}

/** The folder of an installed package. @param {string} name */
function packageFolder(name) {
  // Not by `package.json`, which a package may keep to itself.
  for (const base of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    if (fs.existsSync(path.join(base, name, 'package.json'))) return path.join(base, name);
  }
  throw new BuildProblem(`the package ${name} is not installed`);
}

/** @param {string} file @returns {Record<string, unknown>} */
function readJson(file) {
  return /** @type {Record<string, unknown>} */ (JSON.parse(fs.readFileSync(file, 'utf8')));
}

/**
 * The folder of a release's C headers, unpacked from node-llama-cpp's git bundle unless it is there already.
 * @param {string} engine node-llama-cpp's folder @param {string} release
 */
function unpackHeaders(engine, release) {
  const target = path.join(folder, 'include', release);
  if (fs.existsSync(path.join(target, 'ggml-backend-impl.h'))) return target;
  const scratch = fs.mkdtempSync(path.join(tmpdir(), 'llava-headers-'));
  try {
    const missing = 'git is needed to unpack the llama.cpp headers, and was not found';
    const repository = path.join(scratch, 'git');
    const tree = path.join(scratch, 'tree');
    const unpacked = path.join(scratch, 'headers');
    fs.mkdirSync(tree);
    run('git', ['init', '--quiet', '--bare', repository], missing);
    const git = ['--git-dir', repository];
    const bundle = path.join(engine, 'llama', 'gitRelease.bundle');
    const commit = run('git', [...git, 'bundle', 'unbundle', bundle], missing).split(/\s/)[0] ?? '';
    const backendHeader = 'ggml/src/ggml-backend-impl.h';
    const wanted = ['include', 'ggml/include', backendHeader];
    run('git', [...git, '--work-tree', tree, 'checkout', '--quiet', commit, '--', ...wanted], missing);
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

/** What a build depends on, as one hash. @param {string[]} facts */
function fingerprint(facts) {
  const hash = createHash('sha256').update(facts.join('\n'));
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const isSource = /\.(cc|h|gyp|js)$/.test(name) && !/^(build|build-asan|include)[\\/]/.test(name);
    if (isSource) hash.update(name).update(fs.readFileSync(path.join(folder, name)));
  }
  return hash.digest('hex');
}

/** Where node-gyp finds Node's own headers without downloading them, if they are beside this Node. */
function nodeHeaders() {
  const prefix = path.resolve(process.execPath, '..', '..');
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** The flags for gyp's variables. @param {Record<string, string>} variables */
function defines(variables) {
  return Object.entries(variables).map(([name, value]) => `-D${name}=${value}`);
}

function build() {
  const engine = packageFolder('node-llama-cpp');
  const napi = packageFolder('node-addon-api');
  const engineVersion = String(readJson(path.join(engine, 'package.json'))['version']);
  const release = String(readJson(path.join(engine, 'llama', 'binariesGithubRelease.json'))['release']);
  const place = asan ? path.join(folder, 'build-asan') : folder;
  const binary = path.join(place, 'build', 'Release', 'llava_native.node');
  const stamp = path.join(place, 'build', 'stamp');
  const wanted = fingerprint([release, engineVersion, process.version, process.arch, String(asan)]);
  if (fs.existsSync(binary) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  const headers = unpackHeaders(engine, release);
  if (asan) {
    fs.mkdirSync(place, { recursive: true });
    fs.copyFileSync(path.join(folder, 'binding.gyp'), path.join(place, 'binding.gyp'));
  }
  const gyp = path.join(packageFolder('node-gyp'), 'bin', 'node-gyp.js');
  const variables = {
    ...(asan ? { root: '..', sanitize: '1' } : {}),
    headers,
    bindings: path.join(engine, 'llama', 'addon'),
    napi,
    release,
    engine_version: engineVersion,
  };
  const shared = ['--loglevel', 'error', '--directory', place];
  const missing = 'Node cannot be started again';
  // Not `rebuild`, which would take the addon away from running programs before the new one is there.
  const configure = ['configure', ...shared, ...nodeHeaders(), '--', ...defines(variables)];
  run(process.execPath, [gyp, ...configure], missing);
  run(process.execPath, [gyp, 'build', ...shared, '--jobs', String(availableParallelism())], missing);
  fs.writeFileSync(stamp, wanted);
}

try {
  build();
} catch (error) {
  const problem = error instanceof BuildProblem ? error : new BuildProblem(String(error));
  if (strict) process.stderr.write(problem.output + '\n');
  process.stderr.write(
    `llava: the native addon was not built: ${problem.message}. ` +
      'It needs git, python 3 and a C++17 compiler; then: npm run build:native\n',
  );
  process.exitCode = strict ? 1 : 0;
}
