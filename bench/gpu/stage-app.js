/*
 * Copies what `llava` needs to run into a folder: the built program, the demo, its production packages without the CUDA backend that is too
 * large to travel, and the measuring program in one file. Called by bench/gpu/prepare, after the builds.
 */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

const project = path.join(import.meta.dirname, '..', '..');
const [target = ''] = process.argv.slice(2);

/** What the measurements run without, on Linux for x86-64: other systems' packages, what builds, and the screen of a chat. */
const LEFT_OUT = [
  /^node_modules\/@node-llama-cpp\/(?!linux-x64(-cuda|-vulkan)?$)/,
  /^node_modules\/(node-gyp|node-addon-api|@reflink)\b/,
  /^node_modules\/(ink|react|react-reconciler|yoga-layout|es-toolkit)$/,
];
/** Parts of packages: sources to build from, types, maps, and backends for CPUs older than any GPU of compute capability 9.0. */
const LEFT_OUT_FILES = [
  /\/node-llama-cpp\/(llama\/(addon|gitRelease\.bundle|xpack|cmake|profiles)|templates)/,
  /\/linux-x64-cuda\/bins\/linux-x64-cuda\/libggml-cuda\.so$/,
  /\/libggml-cpu-(sse42|sandybridge|ivybridge|piledriver|cannonlake|cooperlake)\.so$/,
  /\.(d\.ts|d\.cts|d\.mts|map|md)$/,
];

for (const name of [
  'package.json',
  'models.json',
  'bin',
  'dist',
  'models',
  'examples',
  'native/build/Release/llava_native.node',
])
  copy(name);
for (const name of productionPackages()) copy(name);
linkWhatIsTheSame();
await build({
  entryPoints: { measure: path.join(project, 'bench/gpu/measure.ts') },
  outdir: path.join(target, 'bench'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  external: ['sharp'],
});
fs.copyFileSync(path.join(project, 'bench/gpu/hold-engine.js'), path.join(target, 'bench/hold-engine.js'));

/** @param {string} name */
function copy(name) {
  fs.cpSync(path.join(project, name), path.join(target, name), {
    recursive: true,
    filter: (file) => !LEFT_OUT_FILES.some((pattern) => pattern.test(file)) && isOfPackage(name, file),
  });
}

/** Packages inside of packages are listed by themselves. @param {string} name @param {string} file */
function isOfPackage(name, file) {
  return !path.relative(path.join(project, name), file).split(path.sep).includes('node_modules');
}

/** Folders of the packages that are installed and not for development. */
function productionPackages() {
  const lock = createRequire(import.meta.url)(path.join(project, 'package-lock.json'));
  const packages = /** @type {Record<string, { dev?: boolean, devOptional?: boolean }>} */ (lock.packages);
  return Object.entries(packages)
    .filter(([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true)
    .map(([name]) => name)
    .filter((name) => !LEFT_OUT.some((pattern) => pattern.test(name)))
    .filter((name) => fs.existsSync(path.join(project, name)));
}

/** node-llama-cpp's packages bring the same CPU backends. */
function linkWhatIsTheSame() {
  const packages = path.join(target, 'node_modules/@node-llama-cpp');
  const own = path.join(packages, 'linux-x64/bins/linux-x64');
  for (const kind of ['cuda', 'vulkan']) {
    const folder = path.join(packages, `linux-x64-${kind}/bins/linux-x64-${kind}`);
    for (const file of fs.readdirSync(folder)) {
      const [first, second] = [path.join(own, file), path.join(folder, file)];
      if (!fs.existsSync(first) || !fs.readFileSync(first).equals(fs.readFileSync(second))) continue;
      fs.rmSync(second);
      fs.linkSync(first, second);
    }
  }
}
