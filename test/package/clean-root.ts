import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** What shims of package managers call; `sh` and `env` are on every system. */
const TOOLS = ['/bin/sh', '/usr/bin/env', '/bin/sed', '/usr/bin/dirname', '/bin/uname'];

const OF_LIBC = ['libresolv.so.2', 'librt.so.1', 'libutil.so.1'];

export interface RootRun {
  readonly exitCode: number | undefined;
  /** Both streams. */
  readonly all: string;
}

/** Read-only files of this machine and where they are seen. */
export type Seen = Readonly<Record<string, string>>;

/**
 * A root that holds Node, a C library, a shell and a home, and nothing else: no compiler, no Python, no git. Made by
 * bubblewrap, which needs no rights.
 */
export class CleanRoot {
  readonly #home: string;
  readonly #binds: readonly string[];

  private constructor(home: string, binds: readonly string[]) {
    this.#home = home;
    this.#binds = binds;
  }

  /** @param home a folder, seen as /home @param programs seen with the libraries they need @param files what else is seen */
  static async make(home: string, programs: Seen, files: Seen): Promise<CleanRoot> {
    const all = Object.entries(programs).concat(TOOLS.map((tool) => [realpathSync(tool), tool]));
    const libraries = new Set((await Promise.all(all.map(([program]) => librariesOf(program)))).flat());
    const seen = [...all, ...[...libraries].map((path) => [path, path] as const), ...Object.entries(files)];
    return new CleanRoot(
      home,
      seen.flatMap(([from, to]) => ['--ro-bind', from, to]),
    );
  }

  /** Runs a program in it. @param network whether this machine's own addresses can be reached */
  async run(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    network: boolean,
  ): Promise<RootRun> {
    const variables = Object.entries({ HOME: '/home', PATH: '/usr/local/bin:/usr/bin:/bin', ...env });
    const { exitCode, all } = await execa(
      'bwrap',
      [
        ...['--unshare-all', '--die-with-parent', '--clearenv', ...(network ? ['--share-net'] : [])],
        ...['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--bind', this.#home, '/home'],
        ...this.#binds,
        ...variables.flatMap(([name, value]) => ['--setenv', name, value]),
        ...['--chdir', '/home', ...command],
      ],
      { reject: false, all: true, stripFinalNewline: false, stdin: 'ignore' },
    );
    return { exitCode, all };
  }
}

/** The shared libraries of a program, what loads them, and all that belongs to the C library. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await execa('ldd', [program]);
  const needed = [...stdout.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].map(([, path = '']) => path);
  const libc = needed.find((path) => path.endsWith('/libc.so.6'));
  const ofLibc = libc === undefined ? [] : OF_LIBC.map((name) => join(dirname(libc), name));
  return [...needed, ...ofLibc].filter((path) => existsSync(path));
}
