import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';

const shapes = projectFile('examples/shapes.png');

interface Message {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly result?: { readonly content?: readonly { readonly text?: string }[] };
  readonly error?: { readonly code: number };
}

/** `llava mcp` as nobody but a test speaks to it. */
class Wire implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  /** All that came on stdout, by lines. */
  readonly lines: string[] = [];
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #lines: Interface;
  #id = 0;

  constructor(nodeArgs: readonly string[] = []) {
    const args = [...nodeArgs, LLAVA, 'mcp', '--allow', projectFile('examples')];
    this.process = spawn(process.execPath, args, { env: { ...process.env, ...TEST_ENVIRONMENT } });
    this.#lines = createInterface(this.process.stdout).on('line', (line) => this.lines.push(line));
    this.process.stderr.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
  }

  write(text: string | Uint8Array): void {
    this.process.stdin.write(text);
  }

  notify(method: string, params: object = {}): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
  }

  /** Sends a request, and settles with what it is answered. */
  async ask(method: string, params: unknown = {}): Promise<Message> {
    const id = ++this.#id;
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    for (;;) {
      const answer = this.lines
        .map((line) => JSON.parse(line) as Message)
        .find((message) => message.id === id);
      if (answer !== undefined) return answer;
      await once(this.#lines, 'line');
    }
  }

  async initialize(): Promise<void> {
    const clientInfo = { name: 'wire', version: '1' };
    const answer = await this.ask('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo,
    });
    expect(answer.result).toMatchObject({ serverInfo: { name: 'llava' } });
    this.notify('notifications/initialized');
  }

  async look(): Promise<string | undefined> {
    const call = { name: 'look', arguments: { picture: shapes, question: 'What color is the circle?' } };
    return (await this.ask('tools/call', call)).result?.content?.[0]?.text;
  }

  /** Nothing but messages was ever written. */
  expectPure(): void {
    for (const line of this.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}

describe('the wire', () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = new Wire();
    await wire.initialize();
  });
  afterAll(async () => {
    wire.expectPure();
    await wire[Symbol.asyncDispose]();
  });

  it('survives what is no message', async () => {
    for (const line of [
      'garbage',
      '',
      '   ',
      '{',
      '{"jsonrpc":"2.0","id":1',
      '[]',
      'null',
      '5',
      '"text"',
      '{}',
      '[{"jsonrpc":"2.0","id":7,"method":"ping"}]',
      '{"jsonrpc":"1.0","id":8,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}',
      '{"jsonrpc":"2.0","id":9}',
      '{"jsonrpc":"2.0","method":5}',
      '{"jsonrpc":"2.0","id":99,"result":{}}',
      '{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"no"}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12345}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":5}',
      '{"jsonrpc":"2.0","method":"notifications/unheard/of"}',
      '['.repeat(100_000),
      '{"jsonrpc":"2.0","__proto__":{"id":1},"method":"ping"}',
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r',
    ])
      wire.write(`${line}\n`);
    wire.write(Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]));
    wire.write(`${'x'.repeat(1 << 20)}\n`);
    expect(await wire.look()).toBe('The circle is red.');
    expect(wire.stderr).toContain('A message was ignored');
    expect(wire.stderr).not.toMatch(/defect|\n\s+at /);
  });

  it('answers wrong requests with errors of the protocol', async () => {
    for (const [method, params, code] of [
      ['nothing/such', {}, -32601],
      ['resources/list', {}, -32601],
      ['prompts/list', {}, -32601],
      ['tools/call', {}, -32602],
      ['tools/call', { name: 5 }, -32602],
      ['tools/call', { name: 'nothing', arguments: {} }, -32602],
      ['tools/call', { name: 'look', arguments: 'text' }, -32602],
      ['tools/call', { name: 'look', arguments: [1] }, -32602],
    ] as const)
      expect((await wire.ask(method, params)).error?.code, `${method} ${JSON.stringify(params)}`).toBe(code);
    for (const given of [undefined, {}, { picture: 5, question: 'x' }, { picture: null }])
      expect(await wire.ask('tools/call', { name: 'look', arguments: given })).toMatchObject({
        result: { isError: true },
      });
    expect(await wire.look()).toBe('The circle is red.');
  });

  it('takes messages in pieces, and several at once', async () => {
    wire.write('{"jsonrpc":"2.0","id":"a","met');
    await new Promise((resolve) => setTimeout(resolve, 50));
    wire.write('hod":"ping"}\r\n{"jsonrpc":"2.0","id":"b","method":"ping"}\n{"jsonrpc":"2.0",');
    wire.write('"id":"ü","method":"ping"}\n');
    await wire.look();
    const ids = wire.lines.map((line) => (JSON.parse(line) as Message).id);
    expect(ids).toEqual(expect.arrayContaining(['a', 'b', 'ü']));
  });

  it('answers while an engine is at work', async () => {
    const looking = wire.look();
    expect(await wire.ask('ping')).toMatchObject({ result: {} });
    const seen = wire.lines.length;
    await looking;
    expect(wire.lines.length).toBeGreaterThan(seen);
  });

  it('carries nothing that a library prints', async () => {
    // What is printed before llava came to life is not its own.
    const own = 'if (console !== first) { console.log("noise"); console.info("noise"); }';
    const noise = `data:text/javascript,const first = console; setInterval(() => { ${own} }, 5).unref()`;
    await using noisy = new Wire(['--import', noise]);
    await noisy.initialize();
    expect(await noisy.look()).toBe('The circle is red.');
    expect(noisy.stderr).toContain('noise');
    noisy.expectPure();
  });
});

describe.concurrent('the end', () => {
  const ends: [string, (wire: Wire) => void][] = [
    ['its client closes stdin', (wire) => wire.process.stdin.end()],
    ['SIGTERM comes', (wire) => wire.process.kill('SIGTERM')],
    ['SIGINT comes', (wire) => wire.process.kill('SIGINT')],
    [
      'its client reads no more and goes',
      (wire) => (wire.process.stdout.destroy(), wire.process.stdin.end()),
    ],
  ];

  it.each(ends)('comes at once and is a success when %s', async (_, end) => {
    await using wire = new Wire();
    await wire.initialize();
    await wire.look();
    const start = performance.now();
    end(wire);
    expect(await wire.exited).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(wire.stderr).toBe('');
  });

  it.each(ends.slice(0, 2))('gives up what is running when %s', async (_, end) => {
    await using wire = new Wire();
    await wire.initialize();
    const labels = Array.from({ length: 2000 }, (_, index) => `label ${index} of many`);
    for (const id of ['first', 'second'])
      wire.write(
        `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'classify', arguments: { picture: shapes, labels } } })}\n`,
      );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    end(wire);
    expect(await wire.exited).toBe(0);
    expect(wire.stderr).toBe('');
    wire.expectPure();
  });

  it.each(ends.slice(0, 2))('may come while the weights load: %s', async (_, end) => {
    await using wire = new Wire();
    await wire.initialize();
    wire.look().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    end(wire);
    expect(await wire.exited).toBe(0);
    expect(wire.stderr).toBe('');
  });
});
