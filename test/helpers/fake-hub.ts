import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeFile, Fault, FaultScript, SeenRequest } from './hub-faults.js';

const CHUNK_BYTES = 32 * 1024;

/**
 * A server that plays the hub and, on another port, the host that it points to: a request for a file is answered by
 * 302 with `X-Linked-*` and a signed address that can expire. Faults come by script; every request is recorded.
 */
export class FakeHub implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  faults: FaultScript = () => undefined;
  /** Called as bytes go out. */
  onSent: (request: SeenRequest) => void = () => undefined;
  /** Pause between chunks of 32 KiB, so that few bytes are on their way when a connection ends. */
  pauseMs = 0;
  /** What the hub wants to see for gated files. */
  token = 'hf_right';
  readonly #files = new Map<string, FakeFile[]>();
  readonly #sent = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  readonly #hub: Server;
  readonly #cdn: Server;
  #signature = randomBytes(8).toString('hex');

  private constructor() {
    this.#hub = createServer((request, response) => void this.#answer('hub', request, response));
    this.#cdn = createServer((request, response) => void this.#answer('cdn', request, response));
  }

  static async start(): Promise<FakeHub> {
    const hub = new FakeHub();
    for (const server of [hub.#hub, hub.#cdn]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return hub;
  }

  /** For `HF_ENDPOINT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  get cdnOrigin(): string {
    return `http://localhost:${(this.#cdn.address() as AddressInfo).port}`;
  }

  /** Puts a file there; `main` is the one that was put last, and others are still had by their commits. */
  add(file: FakeFile): FakeFile {
    const name = `${file.repo}/${file.path}`;
    this.#files.set(name, [...(this.#files.get(name) ?? []), file]);
    return file;
  }

  /** Every signed address given out so far is refused from now on. */
  expire(): void {
    this.#signature = randomBytes(8).toString('hex');
  }

  /** Bytes of a file handed out so far. */
  sentOf(path: string): number {
    return this.#sent.get(path) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  async #answer(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const url = new URL(request.url ?? '/', 'http://any');
    const [, repo, revision = '', path] =
      /^\/(?:cdn\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const versions = this.#files.get(`${repo ?? ''}/${path ?? ''}`);
    const file = versions?.findLast(({ commit }) => revision === 'main' || revision === commit);
    const seen = this.#record(server, request, url, path ?? '');
    const fault = (seen.fault = this.faults(seen));
    if (fault?.kind === 'late') await sleep(fault.ms);
    const end = (status: number, headers: Record<string, string> = {}): void => {
      seen.status = status;
      response.writeHead(status, { 'content-length': '0', ...headers }).end();
    };
    if (fault?.kind === 'status') {
      end(fault.status, fault.headers);
      return;
    }
    if (fault?.kind === 'redirect') {
      end(fault.status ?? 302, { location: fault.location });
      return;
    }
    const listed = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    if (listed !== null && server === 'hub') {
      this.#list(listed[1]!, listed[2]!, listed[3]!, seen, response);
      return;
    }
    if (file === undefined) {
      end(404, { 'x-error-code': versions === undefined ? 'EntryNotFound' : 'RevisionNotFound' });
      return;
    }
    if (server === 'cdn') {
      if (url.searchParams.get('sig') !== this.#signature) {
        end(403);
        return;
      }
      await this.#send(file, seen, response, fault, {});
      return;
    }
    if (file.isGated === true && request.headers.authorization !== `Bearer ${this.token}`) {
      end(401, { 'x-error-code': 'GatedRepo' });
      return;
    }
    const commit = { 'x-repo-commit': file.commit };
    if (file.isSmall === true) {
      const etag = createHash('sha1').update(file.bytes).digest('hex');
      await this.#send(file, seen, response, fault, { ...commit, etag: `"${etag}"` });
      return;
    }
    const location = `${this.cdnOrigin}/cdn/${file.repo}/resolve/${file.commit}/${file.path}?sig=${this.#signature}`;
    const sha256 = createHash('sha256').update(file.bytes).digest('hex');
    end(302, {
      ...commit,
      location,
      'x-linked-etag': `"${sha256}"`,
      'x-linked-size': String(file.bytes.length),
      'content-length': '0',
      etag: 'W/"of-the-redirect"',
    });
  }

  /** The API: the commit of a revision, and the files that were put there at it. */
  #list(repo: string, kind: string, revision: string, seen: SeenRequest, response: ServerResponse): void {
    const all = [...this.#files.values()].flat().filter((file) => file.repo === repo);
    const commit = revision === 'main' ? all.at(-1)?.commit : revision;
    const files = all.filter((file) => file.commit === commit);
    seen.status = files.length === 0 ? 404 : 200;
    response.writeHead(seen.status, { 'content-type': 'application/json' });
    const entries = files.map(({ path, bytes, isSmall }) => {
      const pointer = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
      const lfs = isSmall === true ? {} : { lfs: { ...pointer, pointerSize: 134 } };
      return { type: 'file', path, size: bytes.length, oid: gitOid(bytes), ...lfs };
    });
    response.end(JSON.stringify(kind === 'revision' ? { id: repo, sha: commit } : entries));
  }

  #record(server: 'hub' | 'cdn', request: IncomingMessage, url: URL, path: string): SeenRequest {
    const { method = '', headers } = request;
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    const count = `${server} ${method} ${path}`;
    const before = this.#counts.get(count) ?? 0;
    this.#counts.set(count, before + 1);
    const range = match === null ? undefined : { start: Number(match[1]), end: Number(match[2]) + 1 };
    const host = headers.host ?? '';
    const seen: SeenRequest = {
      server,
      method,
      host,
      path: url.pathname,
      headers,
      file: path,
      range,
      before,
      fault: undefined,
      status: 0,
      sent: 0,
    };
    this.requests.push(seen);
    return seen;
  }

  async #send(
    { bytes }: FakeFile,
    seen: SeenRequest,
    response: ServerResponse,
    fault: Fault | undefined,
    headers: Record<string, string>,
  ): Promise<void> {
    const total = bytes.length;
    const isWhole = seen.range === undefined || fault?.kind === 'whole';
    if (!isWhole && seen.range.start >= total) {
      seen.status = 416;
      response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
      return;
    }
    const shift = fault?.kind === 'wrong-range' ? fault.shift : 0;
    const start = isWhole ? 0 : Math.min(total - 1, seen.range.start + shift);
    const end = isWhole ? total : Math.min(total, seen.range.end + shift);
    const claimed = total + (fault?.kind === 'wrong-total' ? fault.by : 0);
    let body = bytes.subarray(start, end);
    if (fault?.kind === 'wrong-length')
      body =
        fault.by > 0
          ? Buffer.concat([body, Buffer.alloc(fault.by)])
          : body.subarray(0, Math.max(0, body.length + fault.by));
    if (fault?.kind === 'wrong-bytes') body = flipped(body, fault.at);
    seen.status = isWhole ? 200 : 206;
    response.writeHead(seen.status, {
      ...headers,
      ...(fault?.kind === 'wrong-length' ? {} : { 'content-length': String(body.length) }),
      ...(isWhole ? {} : { 'content-range': `bytes ${start}-${end - 1}/${claimed}` }),
      'accept-ranges': 'bytes',
    });
    if (seen.method === 'HEAD') response.end();
    else await this.#pour(body, seen, response, fault);
  }

  async #pour(
    body: Buffer,
    seen: SeenRequest,
    response: ServerResponse,
    fault: Fault | undefined,
  ): Promise<void> {
    const stop = fault?.kind === 'cut' || fault?.kind === 'stall' ? fault.after : body.length;
    const size = fault?.kind === 'drip' ? fault.bytes : CHUNK_BYTES;
    const last = Math.min(stop, body.length);
    response.flushHeaders();
    for (let at = 0; at < last && !response.destroyed; at += size) {
      const chunk = body.subarray(at, Math.min(at + size, last));
      const isRoom = response.write(chunk);
      seen.sent += chunk.length;
      this.#sent.set(seen.file, this.sentOf(seen.file) + chunk.length);
      this.onSent(seen);
      if (!isRoom) await drained(response);
      if (fault?.kind === 'drip') await sleep(fault.everyMs);
      else if (this.pauseMs > 0) await sleep(this.pauseMs);
    }
    if (fault?.kind === 'cut') response.destroy();
    else if (fault?.kind !== 'stall') response.end();
  }
}

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  const index = at % copy.length;
  copy[index] = (copy[index]! + 1) % 256;
  return copy;
}

async function drained(response: ServerResponse): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  const ends = ['drain', 'close'].map((event) => once(response, event, { signal }));
  for (const end of ends) end.catch(() => undefined);
  await Promise.race(ends);
  done.abort();
}

/** Git's name of a file's bytes. */
function gitOid(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
