/**
 * Takes another version of node-llama-cpp, shows what changed of what the addon relies on, builds all addons and tests them:
 *
 *     npm run upgrade:engine -- 3.23.0
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const project = path.join(import.meta.dirname, '..');
/** The addon reads these classes' memory, and speaks this interface. */
const RELIED_ON = ['AddonContext.h', 'AddonModel.h', 'ggml-backend-impl.h'];

/** Shows a command and its output. @param {string} program @param {string[]} args */
function run(program, args) {
  process.stdout.write(`\n$ ${program} ${args.join(' ')}\n`);
  const { status } = spawnSync(program, args, {
    cwd: project,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} failed`);
}

/** Copies the headers of the version that is installed and built. @param {string} target */
function keepHeaders(target) {
  fs.mkdirSync(target);
  const include = path.join(project, 'native', 'include');
  const folders = [
    path.join(project, 'node_modules', 'node-llama-cpp', 'llama', 'addon'),
    ...fs.readdirSync(include).map((release) => path.join(include, release)),
  ];
  for (const name of RELIED_ON) {
    const file = folders.map((folder) => path.join(folder, name)).find((one) => fs.existsSync(one));
    if (file === undefined) throw new Error(`There is no ${name}: npm run build:native`);
    fs.copyFileSync(file, path.join(target, name));
  }
}

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  process.stderr.write('Name the version: npm run upgrade:engine -- 3.23.0\n');
  process.exit(2);
}
const headers = fs.mkdtempSync(path.join(tmpdir(), 'llava-upgrade-'));
try {
  keepHeaders(path.join(headers, 'before'));
  run('npm', ['install', '--save-exact', '--ignore-scripts', `node-llama-cpp@${version}`]);
  run('npm', ['run', 'build:native']);
  keepHeaders(path.join(headers, 'after'));
  // Exits with 1 when there are differences, which somebody has to read.
  spawnSync('git', ['diff', '--no-index', path.join(headers, 'before'), path.join(headers, 'after')], {
    stdio: 'inherit',
  });
  run('npm', ['run', 'build:prebuilt']);
  run('npm', ['test']);
} finally {
  fs.rmSync(headers, { recursive: true, force: true });
}
