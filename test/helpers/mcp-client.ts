import { Client, type CallToolResult, type Progress } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { pathToFileURL } from 'node:url';
import { LLAVA, TEST_ENVIRONMENT } from './run-llava.js';

/** What a test's client has. */
export interface McpOptions {
  /** Of `llava mcp`. */
  readonly args?: readonly string[];
  /** Folders that the client declares; without them it knows no roots. */
  readonly roots?: readonly string[];
  /** Variables beside those of all tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the newest revision of the protocol is spoken, instead of that of 2025. */
  readonly isModern?: boolean;
}

/** How a tool is called. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Progress) => void;
}

/** `llava mcp` in a process of its own with the protocol's own client, until it is disposed of. */
export class McpClient implements AsyncDisposable {
  readonly client: Client;
  /** Folders that the client tells when it is asked. */
  roots: readonly string[];
  /** How often it was asked. */
  asked = 0;
  readonly #transport: StdioClientTransport;
  readonly #stderr: string[] = [];

  private constructor({ args = [], roots, env = {}, isModern = false }: McpOptions) {
    this.roots = roots ?? [];
    this.client = new Client(
      { name: 'test', version: '1' },
      {
        capabilities: roots === undefined ? {} : { roots: { listChanged: true } },
        ...(isModern ? { versionNegotiation: { mode: 'auto' } } : {}),
      },
    );
    if (roots !== undefined)
      this.client.setRequestHandler('roots/list', () => {
        this.asked++;
        return { roots: this.roots.map((folder) => ({ uri: pathToFileURL(folder).href })) };
      });
    this.#transport = new StdioClientTransport({
      command: process.execPath,
      args: [LLAVA, 'mcp', ...args],
      env: { ...(process.env as Record<string, string>), ...TEST_ENVIRONMENT, ...env },
      stderr: 'pipe',
    });
    this.#transport.stderr?.on('data', (data: Buffer) => this.#stderr.push(data.toString()));
  }

  static async connect(options: McpOptions = {}): Promise<McpClient> {
    const connected = new McpClient(options);
    await connected.client.connect(connected.#transport);
    return connected;
  }

  get stderr(): string {
    return this.#stderr.join('');
  }

  async call(
    name: string,
    given: Record<string, unknown>,
    options: CallOptions = {},
  ): Promise<CallToolResult> {
    return await this.client.callTool({ name, arguments: given }, options);
  }

  /** What an agent reads of an answer. */
  async text(name: string, given: Record<string, unknown>): Promise<string> {
    return textOf(await this.call(name, given));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** The first block of an answer. */
export function textOf({ content }: CallToolResult): string {
  const [first] = content;
  return first?.type === 'text' ? first.text : '';
}
