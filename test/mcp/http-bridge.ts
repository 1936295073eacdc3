import { serve, type ServerType } from '@hono/node-server';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';

/**
 * `llava mcp` for testers that speak HTTP alone: each session has a process of its own, and its messages pass as they are.
 */
export class HttpBridge implements AsyncDisposable {
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  readonly #children: StdioClientTransport[] = [];
  readonly #server: ServerType;

  private constructor() {
    this.#server = serve({ fetch: (request) => this.#answer(request), hostname: '127.0.0.1', port: 0 });
  }

  static async start(): Promise<HttpBridge> {
    const bridge = new HttpBridge();
    if (!bridge.#server.listening) await once(bridge.#server, 'listening');
    return bridge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  async #answer(request: Request): Promise<Response> {
    const session = request.headers.get('mcp-session-id');
    const known = session === null ? undefined : this.#sessions.get(session);
    return await (known ?? (await this.#open())).handleRequest(request);
  }

  async #open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const http = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        this.#sessions.set(id, http);
      },
    });
    const child = new StdioClientTransport({
      command: process.execPath,
      args: [LLAVA, 'mcp', '--allow', projectFile('examples')],
      env: { ...(process.env as Record<string, string>), ...TEST_ENVIRONMENT },
    });
    http.onmessage = (message) => void child.send(message);
    child.onmessage = (message) => void http.send(message);
    this.#children.push(child);
    await Promise.all([http.start(), child.start()]);
    return http;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.close()));
    this.#server.close();
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
  }
}
