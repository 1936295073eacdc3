import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hugePng } from '../helpers/huge-png.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { askAbout, RunningServer } from '../helpers/running-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';

const folder = temporaryFolder();
const picture = readFileSync(projectFile('examples/shapes.png'));
const body = JSON.stringify({ messages: askAbout(picture, 'What color is the circle?') });
let server: RunningServer;
let port: number;

beforeAll(async () => {
  server = await RunningServer.start('--max-body', '2', '--cors-origin', 'https://friend.example');
  port = Number(new URL(server.address).port);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** A request with headers that `fetch` would not send. */
function send(method: string, path: string, headers: Record<string, string>, content = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.on('error', reject);
    // It may be cut when the answer has come and the rest is still being sent: then nobody else hears of it.
    asked.on('socket', (socket) => socket.on('error', () => undefined));
    asked.end(content);
  });
}

/** Writes bytes and gives back all that comes until the server closes. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(text);
    });
  });
}

async function expectWell(): Promise<void> {
  const response = await server.post(body);
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'The circle is red.' } }] });
}

/** A minute of the other tests passes before it is cut. */
let slowBody: Promise<{ readonly answer: string; readonly ms: number }>;
beforeAll(() => {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`;
  const start = performance.now();
  slowBody = sendRaw(`${head}Content-Length: 1000\r\n\r\n{"messages": [`).then((answer) => ({
    answer,
    ms: performance.now() - start,
  }));
});

describe('a server is closed', () => {
  const json = { 'Content-Type': 'application/json' };

  it('to names that are not its own', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', 'localhost:1'])
      expect(await send('POST', '/v1/chat/completions', { ...json, Host: host }, body)).toMatchObject({
        status: 403,
      });
    for (const path of ['/', '/health']) {
      expect(await send('GET', path, { Host: 'evil.example' })).toMatchObject({ status: 403 });
      expect(await send('GET', path, { Host: `localhost:${port}` })).toMatchObject({ status: 200 });
    }
  });

  it('to pages of other origins, whatever they send', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      `https://localhost:${port}`,
      `http://127.0.0.1:${port}.evil.example`,
    ]) {
      const answer = await send('POST', '/v1/chat/completions', { ...json, Origin: origin }, body);
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    const preflight = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' };
    const answer = await send('OPTIONS', '/v1/chat/completions', preflight);
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('but not to its own page, or one that was allowed', async () => {
    const own = { ...json, Origin: `http://127.0.0.1:${port}` };
    expect(await send('POST', '/v1/chat/completions', own, body)).toMatchObject({ status: 200 });
    const friend = { ...json, Origin: 'https://friend.example' };
    expect(await send('OPTIONS', '/v1/chat/completions', friend)).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': 'https://friend.example' },
    });
  });

  it('to bodies that a page may send without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', ''])
      expect(await send('POST', '/v1/chat/completions', { 'Content-Type': type }, body)).toMatchObject({
        status: 415,
      });
  });

  it('beyond this machine without a key', async () => {
    const refused = await runLlava(['serve', '--host', '0.0.0.0', '--port', '0']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/0\.0\.0\.0.*needs a key[^]*--api-key-file/);
    const weak = join(folder, 'weak.txt');
    writeFileSync(weak, 'short\n');
    expect((await runLlava(['serve', '--api-key-file', weak])).stderr).toMatch(/16 or more characters/);
    expect((await runLlava(['serve', '--api-key-file', join(folder, 'none')])).stderr).toMatch(
      /no such file/,
    );
  });

  it('to those without the key', async () => {
    const file = join(folder, 'key.txt');
    writeFileSync(file, 'correct-horse-battery\n');
    await using locked = await RunningServer.start('--api-key-file', file);
    const status = async (key?: string) =>
      (await locked.post(body, { headers: key === undefined ? {} : { Authorization: key } })).status;
    expect(await status()).toBe(401);
    expect(await status('Bearer wrong-horse-battery')).toBe(401);
    expect(await status('correct-horse-battery')).toBe(401);
    expect(await status('Bearer correct-horse-battery')).toBe(200);
    const reached = async (path: string) => (await fetch(`${locked.address}${path}`)).status;
    for (const path of ['/', '/health']) expect(await reached(path)).toBe(200);
    for (const path of ['/v1/models', '/metrics', '/openapi.json', '/page.html', '//', '/index.html'])
      expect(await reached(path)).toBe(401);
    expect((await fetch(locked.address, { method: 'POST', body })).status).toBe(404);
  });
});

describe('a server lives through', () => {
  it('a body of 100 MB, announced or not', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const large = await send('POST', '/v1/chat/completions', headers, 'x'.repeat(100e6)).catch(
      () => undefined,
    );
    // The connection may be cut while the rest is still being sent.
    if (large !== undefined) expect(large.status).toBe(413);
    const chunk = `${(1e6).toString(16)}\r\n${'x'.repeat(1e6)}\r\n`;
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`;
    const answer = await sendRaw(
      `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    await expectWell();
  });

  it('a picture of 900 million pixels, and an address', async () => {
    const bomb = hugePng(picture);
    const response = await server.post({ messages: askAbout(bomb, 'What is it?') });
    expect(response.status).toBe(400);
    const [message] = askAbout(picture, 'x') as [{ content: [{ image_url: { url: string } }] }];
    for (const url of ['http://127.0.0.1:1/a.png', 'file:///etc/passwd', '/etc/passwd']) {
      message.content[0].image_url.url = url;
      expect((await server.post({ messages: [message] })).status).toBe(400);
    }
  });

  it('2,000 malformed bodies', { timeout: 120_000 }, async () => {
    const random = new Seeded(7);
    const statuses = new Map<number, number>();
    const small = JSON.stringify({
      messages: askAbout(Buffer.from('AAAA'), 'What?'),
      temperature: 0,
      llava: { labels: ['a', 'b'] },
    });
    for (let round = 0; round < 2000; round++) {
      const response = await server.post(damage(small, random));
      const text = await response.text();
      expect(text).not.toMatch(/ {4}at |node_modules/);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
    expect([...statuses.keys()].every((status) => status >= 400 && status < 500)).toBe(true);
    expect(server.stderr).toBe('');
    await expectWell();
  });

  it('unknown paths and methods', async () => {
    for (const path of ['/v1', '/v1/completions', '/../../etc/passwd', '/%00', `/${'a'.repeat(5000)}`])
      expect((await send('GET', path, {})).status).toBe(404);
    expect((await send('DELETE', '/v1/models', {})).status).toBe(404);
    expect(await sendRaw('not http at all\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });

  it('headers that come too slowly', { timeout: 60_000 }, async () => {
    const start = performance.now();
    expect(await sendRaw('GET /health HTTP/1.1\r\nHost: ')).toMatch(/^HTTP\/1\.1 408/);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('a body that comes too slowly', { timeout: 90_000 }, async () => {
    const { answer, ms } = await slowBody;
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
    expect(ms).toBeGreaterThan(55_000);
    expect(ms).toBeLessThan(70_000);
  });

  it('a server that was killed before it, whose socket is in the way', async () => {
    const socket = join(folder, 'server.sock');
    const killed = await RunningServer.start('--socket', socket);
    const run = await runLlava(['serve', '--model', 'demo', '--socket', socket]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/another program listens there/);
    await killed.end('SIGKILL');
    await using next = await RunningServer.start('--socket', socket);
    expect(next.address).toBe(socket);
    writeFileSync(join(folder, 'file.sock'), 'not a socket');
    const other = await runLlava(['serve', '--model', 'demo', '--socket', join(folder, 'file.sock')]);
    expect(other).toMatchObject({ exitCode: 2, stdout: '' });
    expect(readFileSync(join(folder, 'file.sock'), 'utf8')).toBe('not a socket');
  });

  it('200 connections at once', async () => {
    const sockets = Array.from({ length: 200 }, () =>
      connect(port, '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    await expectWell();
    for (const socket of sockets) socket.destroy();
  });

  it('clients that go away, whose sequences others get', async () => {
    for (let round = 0; round < 5; round++) {
      const gone = new AbortController();
      const response = await server.post(
        { ...(JSON.parse(body) as object), stream: true },
        { signal: gone.signal },
      );
      await response.body?.getReader().read();
      gone.abort();
    }
    await expectWell();
    const metrics = await (await fetch(`${server.address}/metrics`)).text();
    expect(metrics).toMatch(/^llava_requests_inside 0$/m);
  });

  it('more requests than it lets wait', async () => {
    await using busy = await RunningServer.start('--queue', '2');
    const responses = await Promise.all(Array.from({ length: 12 }, () => busy.post(body)));
    const refused = responses.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(responses.filter(({ status }) => status === 200).length + refused.length).toBe(12);
  });

  it('SIGTERM with 20 requests inside, all of which are answered', async () => {
    await using ending = await RunningServer.start();
    const asked = Array.from({ length: 20 }, () => ending.post(body));
    await asked[0];
    const ended = ending.end();
    const answers = await Promise.all(asked.map(async (response) => (await response).status));
    expect(answers.every((status) => status === 200)).toBe(true);
    expect(await ended).toBe(0);
  });

  it('a port that is taken, with an error', async () => {
    const run = await runLlava(['serve', '--port', String(port)]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/another program listens there/);
  });
});

/** Cuts, doubles or replaces a piece of a text. */
function damage(text: string, random: Seeded): string {
  const at = random.below(text.length);
  const length = random.below(12);
  const noise = ['', '"', '{', '}', '[', 'null', '-1', '1e999', '\\u0000', 'true', '[[[[[[', '"x":'];
  const piece = noise[random.below(noise.length)] ?? '';
  return text.slice(0, at) + piece + text.slice(at + length);
}
