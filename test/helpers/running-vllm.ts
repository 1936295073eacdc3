import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectFile } from './run-llava.js';

const START_MS = 300_000;

/** A real vLLM on this machine's CPU, until it is disposed of; `test/vllm/prepare` installs it. */
export class RunningVllm implements AsyncDisposable {
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(address: string, process: ChildProcess) {
    this.address = address;
    this.#process = process;
  }

  /**
   * Settles when it answers.
   * @param checkpoint a folder that `test/vllm/prepare` made
   * @param port default: one that is free
   */
  static async start(checkpoint: string, port?: number): Promise<RunningVllm> {
    const chosen = port ?? (await freePort());
    const address = `http://127.0.0.1:${chosen}`;
    const log = join(tmpdir(), `llava-vllm-${chosen}.log`);
    const said = openSync(log, 'w');
    const server = spawn(
      projectFile('test/vllm/.build/python/bin/vllm'),
      [
        ...['serve', projectFile(`test/vllm/.build/${checkpoint}`), '--served-model-name', 'demo'],
        ...['--host', '127.0.0.1', '--port', String(chosen)],
        ...['--dtype', 'float32', '--max-model-len', '2048', '--enforce-eager'],
        // A small model gets lost in the spaces that JSON may have.
        ...[
          '--structured-outputs-config',
          JSON.stringify({ backend: 'xgrammar', disable_any_whitespace: true }),
        ],
      ],
      {
        // Its engine is a process of its own, which is to end with it.
        detached: true,
        stdio: ['ignore', said, said],
        env: {
          ...process.env,
          VLLM_CPU_KVCACHE_SPACE: '1',
          VLLM_CPU_OMP_THREADS_BIND: 'nobind',
          OMP_NUM_THREADS: '1',
          HF_HUB_OFFLINE: '1',
          VLLM_NO_USAGE_STATS: '1',
        },
      },
    );
    closeSync(said);
    const running = new RunningVllm(address, server);
    const deadline = performance.now() + START_MS;
    while (!(await answers(address))) {
      if (server.exitCode !== null || performance.now() > deadline) {
        await running[Symbol.asyncDispose]();
        throw new Error(`vLLM did not start: ${readFileSync(log, 'utf8').slice(-3000)}`);
      }
      await sleep(500);
    }
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode } = this.#process;
    if (pid === undefined || exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    process.kill(-pid, 'SIGKILL');
    await exited;
  }
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/v1/models`)).ok;
  } catch {
    return false;
  }
}

/** A port that nothing listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
