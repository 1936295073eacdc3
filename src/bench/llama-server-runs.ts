import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { SYSTEM_TEXT } from '../llava/prompt.js';
import { quote } from '../llava/quote.js';
import { firstPairing, pairings, type BenchSetup, type Pairing } from './bench-setup.js';
import type { Figures } from './figures.js';
import { manyName } from './llava-runs.js';

const POLL_MS = 50;

/** A message of the OpenAI chat form. */
interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: unknown;
}

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
    for (const pairing of pairings(setup)) await server.ask(await messagesOf(pairing), setup);
    return { [manyName(setup)]: (performance.now() - start) / 1000 };
  }

  async chat(setup: BenchSetup): Promise<Figures> {
    await using server = await this.#start(setup);
    const opening = await messagesOf(firstPairing(setup));
    const answer = await server.ask(opening, setup);
    const turn: Message = { role: 'user', content: setup.questions[1] ?? '' };
    const start = performance.now();
    await server.ask([...opening, { role: 'assistant', content: answer }, turn], { ...setup, tokens: 1 });
    return { 'chat, first word of turn 2, s': (performance.now() - start) / 1000 };
  }

  async #start({ model, mmproj, threads, signal }: BenchSetup): Promise<RunningServer> {
    const port = await freePort();
    const args = ['-m', model, '--mmproj', mmproj, '-t', String(threads), '--port', String(port)];
    const same = ['-c', '4096', '-ub', '640', '-np', '1', '--chat-template', 'vicuna'];
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

  async ask(messages: readonly Message[], { tokens }: BenchSetup): Promise<string> {
    const response = await fetch(`${this.#address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages, max_tokens: tokens, temperature: 0, cache_prompt: true }),
      signal: this.#signal,
    });
    const text = await response.text();
    if (!response.ok) throw new ExpectedError('engine', `llama-server answered ${response.status}: ${text}`);
    const { choices } = JSON.parse(text) as {
      choices: readonly { readonly message: { readonly content: string } }[];
    };
    return choices[0]?.message.content ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#failure !== undefined) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** LLaVA's order: the picture first. */
async function messagesOf({ picture, question }: Pairing): Promise<readonly Message[]> {
  const bytes = await readFile(picture);
  const type = extname(picture) === '.png' ? 'image/png' : 'image/jpeg';
  const url = `data:${type};base64,${bytes.toString('base64')}`;
  return [
    { role: 'system', content: SYSTEM_TEXT },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url } },
        { type: 'text', text: `\n${question}` },
      ],
    },
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
