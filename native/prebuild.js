/**
 * Builds the addon for all systems on one Linux machine, into prebuilds/:
 *
 *     npm run build:prebuilt                     all
 *     npm run build:prebuilt -- linux-arm64 …     these
 *     npm run check:native                       all, compiled and not linked: whether there are warnings
 *
 * The compiler is zig from PyPI, of one version, so that the same sources give the same bytes anywhere. It is kept in
 * node_modules/.cache with what it compiled. Needs Python 3 with pip, git, and the network the first time.
 */
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { installedEngine, packageFolder, sourceFiles, unpackHeaders } from './build-inputs.js';
import { BuildProblem, runProgram } from './run-program.js';

const folder = import.meta.dirname;
const project = path.join(folder, '..');
const cache = path.join(project, 'node_modules', '.cache', 'llava-prebuild');

const ZIG_VERSION = '0.17.1';
/** Of the wheels for x86-64 and for arm64, as pip's `--hash`. */
const ZIG_WHEELS = [
  'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
  'b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e',
];

const GLIBC = '2.28';
const MACOS = '11.0';

// Else functions of C++ would be exchanged for those of other libraries.
const ON_LINUX = { compile: [], link: ['-ldl', `-Wl,--version-script=${path.join(folder, 'exports.map')}`] };
// Node's functions are found when the addon is loaded. The linker would write down where it put the file.
const ON_MACOS = {
  compile: [],
  link: ['-Wl,-undefined,dynamic_lookup', '-Wl,-install_name,@rpath/llava_native.node'],
};
// Node's functions are declared as imported, for addon/windows_host.cc.
const ON_WINDOWS = { compile: ['-DBUILDING_NODE_EXTENSION'], link: [] };

/** By what Node calls its platform and processor. */
const TARGETS = {
  'linux-x64': { triple: `x86_64-linux-gnu.${GLIBC}`, ...ON_LINUX },
  'linux-arm64': { triple: `aarch64-linux-gnu.${GLIBC}`, ...ON_LINUX },
  'darwin-x64': { triple: `x86_64-macos.${MACOS}`, ...ON_MACOS },
  'darwin-arm64': { triple: `aarch64-macos.${MACOS}`, ...ON_MACOS },
  'win32-x64': { triple: 'x86_64-windows-gnu', ...ON_WINDOWS },
  'win32-arm64': { triple: 'aarch64-windows-gnu', ...ON_WINDOWS },
};

/** Installs the compiler unless it is there. @returns {Promise<string>} the program */
async function installZig() {
  const home = path.join(cache, `zig-${ZIG_VERSION}`);
  const zig = path.join(home, 'ziglang', 'zig');
  if (fs.existsSync(zig)) return zig;
  fs.mkdirSync(cache, { recursive: true });
  const scratch = fs.mkdtempSync(path.join(cache, 'installing-'));
  try {
    const requirements = path.join(scratch, 'requirements.txt');
    const hashes = ZIG_WHEELS.map((hash) => ` --hash=sha256:${hash}`).join('');
    fs.writeFileSync(requirements, `ziglang==${ZIG_VERSION}${hashes}\n`);
    const target = path.join(scratch, 'packages');
    const pip = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '--no-deps', '--no-compile'];
    const only = ['--only-binary', ':all:', '--target', target, '--requirement', requirements];
    await runProgram(
      'python3',
      [...pip, ...only],
      'python3 is needed to get the compiler, and was not found',
    );
    fs.renameSync(target, home);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  return zig;
}

/** What all files are compiled with. */
async function compileFlags() {
  const installed = installedEngine();
  const headers = [
    await unpackHeaders(installed),
    installed.bindings,
    packageFolder('node-addon-api'),
    path.join(packageFolder('node-api-headers'), 'include'),
  ];
  return [
    ...['-mcpu=baseline', '-O3', '-g0', '-std=c++17', '-fPIC', '-fvisibility=hidden'],
    ...['-Wall', '-Wextra', '-Werror'],
    // Names of files in the code, as from here.
    `-ffile-prefix-map=${project}=.`,
    ...['-I', folder, ...headers.flatMap((name) => ['-isystem', name])],
    ...['-DNAPI_VERSION=7', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
    ...[`-DLLAVA_RELEASE="${installed.release}"`, `-DLLAVA_ENGINE_VERSION="${installed.engineVersion}"`],
  ];
}

/** Runs jobs side by side, as many as there are processors. @param {(() => Promise<unknown>)[]} jobs */
async function runAll(jobs) {
  const left = [...jobs];
  const work = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** @param {string[]} names @param {boolean} isLinked */
async function prebuild(names, isLinked) {
  const zig = await installZig();
  const flags = await compileFlags();
  const options = {
    cwd: folder,
    env: {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: path.join(cache, 'zig'),
      ZIG_LOCAL_CACHE_DIR: path.join(cache, 'zig'),
      // The time that files for Windows say they were linked at.
      SOURCE_DATE_EPOCH: '0',
    },
  };
  const compile = (/** @type {string[]} */ args) =>
    runProgram(zig, ['c++', ...args], `${zig} does not run here`, options);
  for (const name of names) {
    const target = Object.entries(TARGETS).find(([each]) => each === name)?.[1];
    if (target === undefined)
      throw new BuildProblem(`there is no target "${name}" among ${Object.keys(TARGETS).join(', ')}`);
    const objects = path.join(cache, 'objects', name);
    fs.mkdirSync(objects, { recursive: true });
    const files = sourceFiles().map((source) => ({
      source,
      object: path.join(objects, `${source.replaceAll('/', '-')}.o`),
    }));
    const started = performance.now();
    await runAll(
      files.map(
        ({ source, object }) =>
          () =>
            compile(['-target', target.triple, ...flags, ...target.compile, '-c', source, '-o', object]),
      ),
    );
    const seconds = () => Math.round((performance.now() - started) / 1000);
    if (!isLinked) {
      process.stdout.write(`${name}  ${files.length} files compiled, ${seconds()} s\n`);
      continue;
    }
    const file = path.join(project, 'prebuilds', name, 'llava_native.node');
    const linked = path.join(objects, 'llava_native.node');
    const link = ['-target', target.triple, '-mcpu=baseline', '-shared', '-s', ...target.link];
    await compile([...link, ...files.map(({ object }) => object), '-o', linked]);
    // Alone: for Windows, the linker leaves a library for linking with it beside the file.
    fs.rmSync(path.dirname(file), { recursive: true, force: true });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.copyFileSync(linked, file);
    process.stdout.write(
      `${path.relative(project, file)}  ${fs.statSync(file).size} bytes, ${seconds()} s\n`,
    );
  }
}

try {
  const args = process.argv.slice(2);
  const names = args.filter((arg) => arg !== '--compile-only');
  await prebuild(names.length === 0 ? Object.keys(TARGETS) : names, names.length === args.length);
} catch (error) {
  const problem = error instanceof BuildProblem ? error : new BuildProblem(String(error));
  process.stderr.write(`${problem.output}\nllava: the prebuilt addons were not built: ${problem.message}\n`);
  process.exitCode = 1;
}
