import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { RequestProblem } from './request-problem.js';

/** Whom a server answers. */
export interface GuardOptions {
  /** What `Host` may be, ports included; undefined on a socket, which no web page can reach. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Origins of other pages that may ask. */
  readonly corsOrigins: ReadonlySet<string>;
  /** Without it nobody needs a key. */
  readonly apiKey: string | undefined;
}

/** Answered without a key: what watches a server has none, and the page asks people for it. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/', '/health']);

/**
 * Answers only those meant to ask. Any web page can make its browser send requests to this machine: `Host` tells those that
 * came by a rebound name (DNS rebinding), `Origin` those of other pages.
 */
export function guard(options: GuardOptions): MiddlewareHandler {
  const keyHash = options.apiKey === undefined ? undefined : hashOf(options.apiKey);
  return async (context, next) => {
    const host = context.req.header('host')?.toLowerCase();
    checkHost(host, options.hosts);
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      allowOrigin(context, origin, options.corsOrigins);
      if (context.req.method === 'OPTIONS') return context.body(null, 204);
    }
    if (keyHash !== undefined && !OPEN_PATHS.has(context.req.path)) checkKey(context, keyHash);
    await next();
    return;
  };
}

function checkHost(host: string | undefined, hosts: ReadonlySet<string> | undefined): void {
  if (hosts === undefined || (host !== undefined && hosts.has(host))) return;
  throw new RequestProblem(403, 'This server does not answer to that name. --allow-host allows one.', {
    code: 'host_refused',
  });
}

function allowOrigin(context: Context, origin: string, allowed: ReadonlySet<string>): void {
  if (!allowed.has(origin))
    throw new RequestProblem(403, 'Pages of other origins may not ask. --cors-origin allows one.', {
      code: 'origin_refused',
    });
  context.header('Access-Control-Allow-Origin', origin);
  context.header('Vary', 'Origin');
  context.header('Access-Control-Allow-Methods', 'GET, POST');
  context.header('Access-Control-Allow-Headers', 'Authorization, Content-Type');
}

function checkKey(context: Context, keyHash: Buffer): void {
  const [, given = ''] = /^Bearer (.*)$/i.exec(context.req.header('authorization') ?? '') ?? [];
  // Digests have one length, so the comparison takes the same time whatever was given.
  if (timingSafeEqual(hashOf(given), keyHash)) return;
  context.header('WWW-Authenticate', 'Bearer');
  throw new RequestProblem(401, 'The API key is missing or wrong: send "Authorization: Bearer KEY".', {
    code: 'invalid_api_key',
  });
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
