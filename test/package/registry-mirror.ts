import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { EnvHttpProxyAgent, request } from 'undici';

/** A registry on this machine that keeps what it was asked for once, as companies have. */
export class RegistryMirror {
  readonly #folder: string;
  readonly #upstream: string;
  readonly #agent = new EnvHttpProxyAgent();
  readonly #server = createServer((question, answer) => void this.#answer(question, answer));

  private constructor(folder: string, upstream: string) {
    this.#folder = folder;
    this.#upstream = upstream;
  }

  /** Starts one that fetches from the registry npm is set up for. @param folder where it keeps files */
  static async start(folder: string): Promise<RegistryMirror> {
    const { stdout } = await execa('npm', ['config', 'get', 'registry']);
    const mirror = new RegistryMirror(folder, stdout.replace(/\/*$/, '/'));
    await new Promise<void>((resolve) => mirror.#server.listen(0, '127.0.0.1', resolve));
    return mirror;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#agent.close();
  }

  async #answer({ url = '/', headers }: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const isTarball = url.endsWith('.tgz');
      const accept = headers.accept ?? '*/*';
      const bytes = await this.#kept(url.slice(1), accept);
      answer.writeHead(200, { 'content-type': isTarball ? 'application/octet-stream' : 'application/json' });
      answer.end(isTarball ? bytes : bytes.toString().replaceAll(this.#upstream, this.address));
    } catch (error) {
      answer
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: String(error) }));
    }
  }

  async #kept(path: string, accept: string): Promise<Buffer> {
    const key = createHash('sha256').update(`${accept} ${path}`).digest('hex');
    const file = join(this.#folder, key);
    if (existsSync(file)) return await readFile(file);
    const { statusCode, body } = await request(this.#upstream + path, {
      headers: { accept },
      dispatcher: this.#agent,
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
    await writeFile(`${file}.part`, bytes);
    await rename(`${file}.part`, file);
    return bytes;
  }
}
