/**
 * Builds the addon on this machine: unpacks the llama.cpp headers that node-llama-cpp brings along, then runs node-gyp.
 *
 *     node native/build.js            run by `npm ci` in a checkout: a failure is explained in one line and is no failure
 *     node native/build.js --strict   `npm run build:native`: shows the compiler's output, exits with 1
 *     node native/build.js --asan     with AddressSanitizer, into native/build-asan; strict
 *
 * Does nothing when the sources, the release and Node's version are those of the last build. Needs git, python 3
 * and a C++17 compiler; no network.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { installedEngine, packageFolder, unpackHeaders } from './build-inputs.js';
import { BuildProblem, runProgram } from './run-program.js';

const folder = import.meta.dirname;
const asan = process.argv.includes('--asan');
const strict = asan || process.argv.includes('--strict');

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

/** node-gyp's program: a checkout's, or, in an installed package, that of the npm which runs this. */
function nodeGyp() {
  const ofNpm = process.env['npm_config_node_gyp'];
  const isCheckout = fs.existsSync(path.join(folder, '..', 'node_modules', 'node-gyp'));
  if (!isCheckout && ofNpm !== undefined) return ofNpm;
  return path.join(packageFolder('node-gyp'), 'bin', 'node-gyp.js');
}

/** The flags for gyp's variables. @param {Record<string, string>} variables */
function defines(variables) {
  return Object.entries(variables).map(([name, value]) => `-D${name}=${value}`);
}

async function build() {
  const installed = installedEngine();
  const { release, engineVersion } = installed;
  const place = asan ? path.join(folder, 'build-asan') : folder;
  const binary = path.join(place, 'build', 'Release', 'llava_native.node');
  const stamp = path.join(place, 'build', 'stamp');
  const wanted = fingerprint([release, engineVersion, process.version, process.arch, String(asan)]);
  if (fs.existsSync(binary) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  const headers = await unpackHeaders(installed);
  if (asan) {
    fs.mkdirSync(place, { recursive: true });
    fs.copyFileSync(path.join(folder, 'binding.gyp'), path.join(place, 'binding.gyp'));
  }
  const gyp = nodeGyp();
  const variables = {
    ...(asan ? { root: '..', sanitize: '1' } : {}),
    headers,
    bindings: installed.bindings,
    napi: packageFolder('node-addon-api'),
    release,
    engine_version: engineVersion,
  };
  const shared = ['--loglevel', 'error', '--directory', place];
  const missing = 'Node cannot be started again';
  // Not `rebuild`, which would take the addon away from running programs before the new one is there.
  const configure = ['configure', ...shared, ...nodeHeaders(), '--', ...defines(variables)];
  await runProgram(process.execPath, [gyp, ...configure], missing);
  await runProgram(
    process.execPath,
    [gyp, 'build', ...shared, '--jobs', String(availableParallelism())],
    missing,
  );
  fs.writeFileSync(stamp, wanted);
}

try {
  await build();
} catch (error) {
  const problem = error instanceof BuildProblem ? error : new BuildProblem(String(error));
  if (strict) process.stderr.write(problem.output + '\n');
  process.stderr.write(
    `llava: the native addon was not built: ${problem.message}. ` +
      'It needs git, python 3 and a C++17 compiler; then: npm run build:native\n',
  );
  process.exitCode = strict ? 1 : 0;
}
