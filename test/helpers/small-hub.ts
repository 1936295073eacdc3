import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file as the hub has it at a commit. */
export interface OnHub {
  readonly repo: string;
  readonly commit: string;
  /** Answers to this branch as well as to the commit. */
  readonly branch: string;
  readonly path: string;
  readonly bytes: Buffer;
}

export interface SmallHub extends AsyncDisposable {
  readonly endpoint: string;
  /** `METHOD /path` of every request so far. */
  readonly requests: string[];
  files: readonly OnHub[];
  /** GETs wait this many ms before their bytes. */
  delayMs: number;
}

/** A hub without whims on this machine: hash, size and commit in the headers, bytes in ranges. */
export async function startSmallHub(files: readonly OnHub[]): Promise<SmallHub> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const file = hub.files.find(({ repo, commit, branch, path }) =>
      [commit, branch].some((revision) => request.url === `/${repo}/resolve/${revision}/${path}`),
    );
    if (file === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = range?.[2] === undefined || range[2] === '' ? file.bytes.length - 1 : Number(range[2]);
    const part = file.bytes.subarray(from, to + 1);
    const sha256 = createHash('sha256').update(file.bytes).digest('hex');
    response.writeHead(range === null ? 200 : 206, {
      etag: `"${sha256}"`,
      'accept-ranges': 'bytes',
      'content-length': part.length,
      'x-linked-etag': `"${sha256}"`,
      'x-linked-size': String(file.bytes.length),
      'x-repo-commit': file.commit,
      ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${file.bytes.length}` }),
    });
    if (request.method === 'HEAD') response.end();
    else setTimeout(() => response.end(part), hub.delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hub: SmallHub = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    files,
    delayMs: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return hub;
}
