import { execa, execaSync } from 'execa';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Debian keeps daemons where users' PATH may not lead. */
const DAEMON_PATH = '/usr/sbin:/sbin';
const DAEMONS = ['slurmd', 'slurmctld', 'munged'] as const;

/** A Slurm cluster of one node with eight CPUs, whatever the machine has: real daemons, all files in one folder. */
export class SlurmCluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    const path = `${environment['PATH'] ?? ''}:${DAEMON_PATH}`;
    this.#environment = { ...environment, PATH: path, SLURM_CONF: join(folder, 'slurm.conf') };
  }

  /**
   * Daemons run as the user of the tests.
   * @param environment what jobs find in theirs
   */
  static async start(folder: string, environment: Readonly<Record<string, string>>): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(folder, environment);
    const at = (name: string) => join(folder, name);
    for (const name of ['state', 'spool']) mkdirSync(at(name), { recursive: true });
    writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
    writeFileSync(at('slurm.conf'), configuration(folder, await freePort(), await freePort()));
    const files = [
      'key-file=munge.key',
      'seed-file=munge.seed',
      'socket=munge.socket',
      'pid-file=munged.pid',
    ];
    const options = [...files, 'log-file=munged.log'].map((file) => `--${file.replace('=', `=${folder}/`)}`);
    try {
      // Forced, for it would have the socket open to other users.
      await cluster.run('munged', '--force', ...options);
      await cluster.run('slurmctld');
      await cluster.run('slurmd');
      await cluster.until(async () => (await cluster.run('sinfo', '-h', '-o', '%t')) === 'idle', 60);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs one of Slurm's programs; what it said on stdout. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    return (await execa(program, args, { env: this.#environment })).stdout;
  }

  /** Submits a job array from a folder; its number. */
  async submit(args: readonly string[], folder: string): Promise<string> {
    return await this.run('sbatch', '--parsable', `--chdir=${folder}`, ...args);
  }

  /** State, exit code and restarts of each task of a job, by its id in the array. */
  async tasks(job: string): Promise<ReadonlyMap<number, SlurmTask>> {
    const lines = (await this.run('scontrol', 'show', 'job', '-o', job)).split('\n');
    return new Map(lines.map(readTask));
  }

  /** Waits until no task of a job is waiting or running. */
  async finish(job: string): Promise<ReadonlyMap<number, SlurmTask>> {
    await this.until(async () => (await this.run('squeue', '-h', '-j', job)) === '');
    return await this.tasks(job);
  }

  /** @throws when it is not so after that many seconds, with what the daemons logged last */
  async until(isSo: () => Promise<boolean> | boolean, seconds = 300): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(this.#read('slurmctld.log') + this.#read('slurmd.log'));
      await setTimeout(200);
    }
  }

  /** Ends all jobs, then the daemons. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('scancel', '--user', userInfo().username).catch(() => undefined);
    for (const daemon of DAEMONS) {
      const pid = Number(this.#read(`${daemon}.pid`));
      if (pid === 0) continue;
      process.kill(pid, 'SIGTERM');
      await this.until(() => !isAlive(pid), 30);
    }
  }

  /** The end of a file, or nothing when there is none. */
  #read(name: string): string {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').slice(-4000) : '';
  }
}

export interface SlurmTask {
  readonly state: string;
  readonly exitCode: string;
  readonly restarts: number;
}

/** @throws when Slurm or munge is not installed */
export function requireSlurm(): void {
  const env = { PATH: `${process.env['PATH'] ?? ''}:${DAEMON_PATH}` };
  const { exitCode } = execaSync('which', [...DAEMONS, 'sbatch'], { reject: false, env });
  if (exitCode !== 0) throw new Error('Missing: apt-get install slurmctld slurmd slurm-client munge');
}

function configuration(folder: string, controlPort: number, nodePort: number): string {
  const user = userInfo().username;
  return `ClusterName=llava
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controlPort}
SlurmdPort=${nodePort}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
# A task that goes back into the queue waits until its credential is too old: two minutes if nothing is said.
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
KillWait=5
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

function readTask(line: string): [number, SlurmTask] {
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
  const task = { state: field('JobState'), exitCode: field('ExitCode'), restarts: Number(field('Restarts')) };
  return [Number(field('ArrayTaskId')), task];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
