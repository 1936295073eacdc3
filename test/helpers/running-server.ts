import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LLAVA, TEST_ENVIRONMENT } from './run-llava.js';

/** `llava serve` in a process of its own, until it is disposed of. */
export class RunningServer implements AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or a socket's path. */
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #stderr: string[];

  private constructor(process: ChildProcess, address: string, stderr: string[]) {
    this.#process = process;
    this.address = address;
    this.#stderr = stderr;
  }

  /** Settles when it listens. */
  static async start(...args: readonly string[]): Promise<RunningServer> {
    const place = args.some((arg) => ['--socket', '--port'].includes(arg)) ? [] : ['--port', '0'];
    const server = spawn(process.execPath, [LLAVA, 'serve', ...place, ...args], {
      env: { ...process.env, ...TEST_ENVIRONMENT },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stderr: string[] = [];
    server.stderr.on('data', (data: Buffer) => stderr.push(data.toString()));
    const lines = createInterface(server.stdout);
    const first = await Promise.race([
      once(lines, 'line').then(([line]) => String(line)),
      once(server, 'exit').then(() => undefined),
    ]);
    if (first === undefined) throw new Error(`llava serve ended: ${stderr.join('')}`);
    return new RunningServer(server, first, stderr);
  }

  get stderr(): string {
    return this.#stderr.join('');
  }

  post(body: unknown, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.address}/v1/chat/completions`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
      headers: {
        'Content-Type': 'application/json',
        ...(init.headers as Record<string, string> | undefined),
      },
    });
  }

  /** Sends a signal and settles with the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}

/** The messages of a question about a picture. */
export function askAbout(picture: Uint8Array, question: string, type = 'image/png'): object[] {
  const url = `data:${type};base64,${Buffer.from(picture).toString('base64')}`;
  return [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url } },
        { type: 'text', text: question },
      ],
    },
  ];
}
