import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { checkSocketPath } from '../files/socket-path.js';
import { ExpectedError } from '../llava/expected-error.js';
import { fileProblem } from '../llava/file-problem.js';
import { quote } from '../llava/quote.js';

/** Where a server listens. */
export type Listening = { readonly host: string; readonly port: number } | { readonly socket: string };

/** A server that listens. */
export interface RunningServer {
  /** For people and programs: `http://127.0.0.1:8080`, or the socket's path. */
  readonly address: string;
  /** Undefined on a socket. */
  readonly port: number | undefined;
  /**
   * Takes no more requests and settles when those inside are done.
   * @param graceMs after which those that still run are cut
   * @param onCut is called just before
   */
  endWithin(graceMs: number, onCut: () => void): Promise<void>;
}

/** Ample for clients on this machine; a slow or idle connection must not keep others out. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
};
const MOST_CONNECTIONS = 256;

/**
 * Lets an app listen.
 * @throws ExpectedError('usage') when the address cannot be had
 */
export async function listen(app: Hono, where: Listening): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: LIMITS,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  if ('socket' in where)
    await removeDeadSocket(where.socket).catch((error: unknown) => {
      throw cannotListen(where, error);
    });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(cannotListen(where, error));
    });
    if ('socket' in where) server.listen(checkSocketPath(where.socket), resolve);
    else server.listen(where.port, where.host, resolve);
  });
  const bound = server.address() ?? '';
  return {
    address: typeof bound === 'string' ? bound : addressOf(bound),
    port: typeof bound === 'string' ? undefined : bound.port,
    endWithin: (graceMs, onCut) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          onCut();
          server.closeAllConnections();
        }, graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** A server that was killed leaves its socket behind, where nobody listens any more. */
async function removeDeadSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error(`it is a ${stats.isDirectory() ? 'folder' : 'file'}, not a socket`);
  const probe = connect(path);
  const isDead = await new Promise<boolean>((resolve) => {
    probe.once('connect', () => {
      resolve(false);
    });
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED');
    });
  });
  probe.destroy();
  if (isDead) rmSync(path, { force: true });
}

function addressOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function cannotListen(where: Listening, error: unknown): ExpectedError {
  const place = 'socket' in where ? where.socket : `${where.host}:${where.port}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason =
    code === 'EADDRINUSE'
      ? 'another program listens there'
      : code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : fileProblem(error);
  return new ExpectedError('usage', `Cannot listen on ${quote(place)}: ${reason}.`, {
    hint: 'socket' in where ? 'Name another --socket' : 'Choose another --port, or 0 for any that is free',
    cause: error,
  });
}
