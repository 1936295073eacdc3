import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DeviceKind } from '../../src/engine/devices/device-kind.js';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  /** A signal that ended it, such as SIGABRT; undefined when it ended by itself. */
  readonly signal: string | undefined;
  readonly seconds: number;
  /** Between the last that it wrote to stdout and its end. */
  readonly leavingSeconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The unpacked kit, and what is measured with it. */
export class Kit {
  /** Folder of the unpacked kit; pictures, rows and weights go there as well. */
  readonly work: string;
  /** Folder of what comes back. */
  readonly output: string;
  readonly device: DeviceKind;
  readonly #signal: AbortSignal;

  /** @param signal ends all programs when time is up */
  constructor(work: string, output: string, device: DeviceKind, signal: AbortSignal) {
    this.work = work;
    this.output = output;
    this.device = device;
    this.#signal = signal;
  }

  /** A real card: sizes are those of LLaVA-1.5-7B. Elsewhere small ones stand in. */
  get isReal(): boolean {
    return this.device === 'cuda';
  }

  /** A file of the kit. */
  path(...parts: readonly string[]): string {
    return join(this.work, ...parts);
  }

  /** A built-in picture. */
  get picture(): string {
    return this.path('app/examples/shapes.png');
  }

  get threads(): number {
    return Math.min(16, availableParallelism());
  }

  async llava(...args: readonly string[]): Promise<Ended> {
    return await this.run(process.execPath, [this.path('app/bin/llava.js'), ...args]);
  }

  /** The same, which must succeed. */
  async answer(...args: readonly string[]): Promise<Ended> {
    return succeeded(`llava ${args.join(' ')}`, await this.llava(...args));
  }

  /** A program of llama.cpp's, which must succeed. */
  async llamaCpp(name: string, ...args: readonly string[]): Promise<Ended> {
    return succeeded(name, await this.run(this.path('llama.cpp', name), args));
  }

  async run(command: string, args: readonly string[]): Promise<Ended> {
    this.#signal.throwIfAborted();
    const start = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: this.#signal });
    const said = { stdout: '', stderr: '' };
    let lastWord = start;
    child.stdout.on('data', () => (lastWord = performance.now()));
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.on('error', reject).on('close', (...end) => {
        resolve(end);
      });
    });
    const end = performance.now();
    const [seconds, leavingSeconds] = [(end - start) / 1000, (end - lastWord) / 1000];
    if (code !== 0)
      appendFileSync(join(this.output, 'failures.txt'), failure(command, args, code, signal, said));
    return { code, signal: signal ?? undefined, seconds, leavingSeconds, ...said };
  }
}

function failure(
  command: string,
  args: readonly string[],
  code: number | null,
  signal: string | null,
  { stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>,
): string {
  return `$ ${command} ${args.join(' ')}\nended with ${code ?? signal ?? ''}\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}\n\n`;
}

function succeeded(name: string, ended: Ended): Ended {
  if (ended.code === 0) return ended;
  throw new Error(
    `${name.slice(0, 160)} ended with ${ended.code ?? ended.signal ?? ''}: ${ended.stderr.trim().slice(-300)}`,
  );
}

/** What a step found. */
export interface Finding {
  /** For the table: short words and figures. */
  readonly say: string;
  /** Undefined where there is nothing to be right or wrong. */
  readonly isRight?: boolean | undefined;
  /** All values. */
  readonly data?: unknown;
}

export interface Step {
  readonly name: string;
  /** `nvidia`: only on a real card. `gpu`: not where the CPU stands in. */
  readonly needs?: 'nvidia' | 'gpu';
  /** About how long it takes at most; it is left out when less is left. */
  readonly seconds: number;
  run(kit: Kit): Promise<Finding>;
}
