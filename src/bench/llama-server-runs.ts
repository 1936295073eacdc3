import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { renderPrompt } from '../llava/conversation.js';
import { quote } from '../llava/quote.js';
import { FOLLOW_UP, firstPairing, layerFlags, pairings, type BenchSetup } from './bench-setup.js';
import type { Figures } from './figures.js';
import { chatFigures, manyFigures } from './shared-figures.js';

const POLL_MS = 50;

/** llama.cpp's own server with its prompt cache, asked one question after the other, its start included. */
export class LlamaServer {
  readonly #program: string;

  /** @param program path of `llama-server` */
  constructor(program: string) {
    this.#program = program;
  }

  async askMany(setup: BenchSetup): Promise<Figures> {
    const start = performance.now();
    await using server = await this.#start(setup);
    for (const { picture, question } of pairings(setup))
      await server.ask(picture, renderPrompt(setup.conversation, [], question), setup.tokens);
    return manyFigures(setup, (performance.now() - start) / 1000);
  }

  async chat(setup: BenchSetup): Promise<Figures> {
    await using server = await this.#start(setup);
    const { picture, question } = firstPairing(setup);
    const answer = await server.ask(picture, renderPrompt(setup.conversation, [], question), setup.tokens);
    const start = performance.now();
    await server.ask(picture, renderPrompt(setup.conversation, [{ question, answer }], FOLLOW_UP), 1);
    return chatFigures((performance.now() - start) / 1000);
  }

  async #start(setup: BenchSetup): Promise<RunningServer> {
    const { model, mmproj, threads, signal } = setup;
    const port = await freePort();
    const args = ['-m', model, '--mmproj', mmproj, '-t', String(threads), '--port', String(port)];
    const same = ['-c', '4096', '-ub', '640', '-np', '1', ...layerFlags(setup)];
    const child = spawn(this.#program, [...args, ...same], { stdio: 'ignore', signal });
    const server = new RunningServer(child, `http://127.0.0.1:${port}`, signal);
    try {
      await server.ready(this.#program);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }
}

class RunningServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #address: string;
  readonly #signal: AbortSignal;
  #failure: string | undefined;

  constructor(child: ChildProcess, address: string, signal: AbortSignal) {
    this.#child = child;
    this.#address = address;
    this.#signal = signal;
    child.on('error', ({ message }) => (this.#failure = message));
    child.on('exit', (code) => (this.#failure ??= `ended with ${String(code)}`));
  }

  /** Waits until the weights are loaded. */
  async ready(program: string): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#failure !== undefined)
        throw new ExpectedError('engine', `${quote(program)}: ${this.#failure}`);
      const response = await fetch(`${this.#address}/health`).catch(() => undefined);
      if (response?.ok === true) return;
      await sleep(POLL_MS);
    }
  }

  /** @param prompt with `<image>` for the picture, as the reference writes it */
  async ask(path: string, prompt: string, tokens: number): Promise<string> {
    const picture = (await readFile(path)).toString('base64');
    const { media_marker: marker } = (await this.#call('props')) as { media_marker: string };
    const { content } = (await this.#call('completion', {
      prompt: { prompt_string: prompt.replace('<image>', marker), multimodal_data: [picture] },
      n_predict: tokens,
      temperature: 0,
      cache_prompt: true,
    })) as { content: string };
    return content.trim();
  }

  async #call(path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#address}/${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      signal: this.#signal,
    });
    const text = await response.text();
    if (!response.ok) throw new ExpectedError('engine', `llama-server answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#failure !== undefined) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
