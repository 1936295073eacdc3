/**
 * Runs the native tests with the addon under AddressSanitizer (Linux, gcc): `npm run test:asan`.
 * Further arguments go to vitest, such as the name of one test file.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const folder = import.meta.dirname;

/** @param {string} library @returns {string} where the compiler has it */
function compilerFile(library) {
  return spawnSync('gcc', [`-print-file-name=${library}`], { encoding: 'utf8' }).stdout.trim();
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function node(args, env = process.env) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

node([path.join(folder, 'build.js'), '--asan']);
const vitest = path.join(folder, '..', 'node_modules', 'vitest', 'vitest.mjs');
node(
  [
    vitest,
    'run',
    '--maxWorkers=100%',
    '--testTimeout=600000',
    '--hookTimeout=600000',
    '--dir',
    path.join(folder, '..', 'test', 'native'),
    ...process.argv.slice(2),
  ],
  {
    ...process.env,
    LLAVA_NATIVE_ADDON: path.join(folder, 'build-asan', 'build', 'Release', 'llava_native.node'),
    // libstdc++ too, or the sanitizer does not find the functions that throw C++ exceptions.
    LD_PRELOAD: [compilerFile('libasan.so'), compilerFile('libstdc++.so')].join(' '),
    // Node itself frees little when it ends; overruns and uses after free are what is looked for here.
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
  },
);
