import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as sendOn } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeHub } from '../helpers/fake-hub.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, requestFor, settingsFor } from './fixture.js';
import { startChild } from './run-child.js';

/* What stands between a company's machines and the hub: a proxy that is down or asks for a name, and certificates of its own. */

const folder = temporaryFolder();
/** A key and a certificate that it signed itself, for localhost. */
const OWN_CERTIFICATE = fileURLToPath(new URL('../fixtures/localhost.pem', import.meta.url));
const NO_PROXY = { http_proxy: '', https_proxy: '', all_proxy: '', no_proxy: '' };
let hub: FakeHub;
beforeAll(async () => {
  hub = await FakeHub.start();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

async function download(endpoint: string, env: NodeJS.ProcessEnv) {
  const file = addFile(hub, 1000);
  const settings = { ...settingsFor(hub, folder), endpoint };
  return await startChild([requestFor(file, folder)], settings, { env: { ...NO_PROXY, ...env } }).ended;
}

it.each(['http', 'https'])('names the proxy that is down, for %s', async (scheme) => {
  const endpoint = hub.endpoint.replace('http:', `${scheme}:`);
  const { code, output } = await download(endpoint, { [`${scheme}_proxy`]: 'http://me:secret@127.0.0.1:9' });
  expect(code).not.toBe(0);
  expect(output).toContain(`the proxy "127.0.0.1:9" of ${scheme}_proxy failed: nothing is listening there`);
  expect(output).not.toContain('secret');
});

it.each(['http', 'https'])('says that the proxy asks for a name, for %s', async (scheme) => {
  const proxy = createHttpServer((_, response) => response.writeHead(407).end());
  proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const port = (proxy.address() as AddressInfo).port;
  const endpoint = hub.endpoint.replace('http:', `${scheme}:`);
  const { output } = await download(endpoint, { [`${scheme}_proxy`]: `http://127.0.0.1:${port}` });
  expect(output).toContain(`The proxy "127.0.0.1:${port}" of ${scheme}_proxy asks for a name and password.`);
  proxy.close();
});

it('trusts the certificates of SSL_CERT_FILE and REQUESTS_CA_BUNDLE', async () => {
  const pem = readFileSync(OWN_CERTIFICATE);
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    const { method, headers } = request;
    const onward = sendOn(`${hub.endpoint}${request.url ?? ''}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  const [strange, ...trusted] = await Promise.all([
    download(endpoint, {}),
    download(endpoint, { SSL_CERT_FILE: OWN_CERTIFICATE }),
    download(endpoint, { REQUESTS_CA_BUNDLE: OWN_CERTIFICATE }),
    download(endpoint, { NODE_EXTRA_CA_CERTS: OWN_CERTIFICATE, SSL_CERT_FILE: OWN_CERTIFICATE }),
  ]);
  server.closeAllConnections();
  server.close();
  expect(strange.output).toMatch(/^error: .+could not be reached: .*certificate/);
  // The fake hub speaks no TLS, and points to itself: how far it came is what counts.
  for (const { output } of trusted) expect(output).toMatch(/points from https to "http:/);
  const missing = await download(endpoint, { SSL_CERT_FILE: `${folder}/none.pem` });
  expect(missing.output).toMatch(/SSL_CERT_FILE names ".+none\.pem", which cannot be read: no such file/);
});
