import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { checkSocket, type Lookup } from '../../src/batch/pictures/public-address.js';
import { PictureFetcher, type FetchOptions } from '../../src/batch/pictures/fetch-picture.js';
import { RowFailure } from '../../src/batch/rows/row-error.js';

const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
let reached = 0;

/** A server on this machine that does as its path says; its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    reached++;
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const secret = await serve((_, response) => response.end(png));
const host = await serve((request, response) => {
  const redirect = (location: string) => response.writeHead(302, { location }).end();
  switch (request.url ?? '') {
    case '/picture':
      return response.end(png);
    case '/once':
      return redirect('/picture');
    case '/loop':
      return redirect('/loop');
    case '/to-private':
      return redirect(`http://${secret}/`);
    case '/to-name':
      return redirect('http://localhost:1/');
    case '/to-file':
      return redirect('file:///etc/passwd');
    case '/nowhere':
      return redirect('http://[');
    case '/large':
      return response.writeHead(200, { 'content-length': 10_000_000 }).write(png);
    case '/endless': {
      response.write(png);
      const more = () => {
        while (response.write(Buffer.alloc(1 << 16)));
      };
      response.on('drain', more);
      more();
      return undefined;
    }
    case '/slow': {
      response.write(png.subarray(0, 8));
      const timer = setInterval(() => response.write('.'), 20);
      return response.on('close', () => {
        clearInterval(timer);
      });
    }
    case '/silent':
      return undefined;
    case '/page':
      return response.writeHead(200, { 'content-type': 'image/png' }).end('<!doctype html><p>no');
    case '/endless-page':
      return response.write(`<!doctype html>${'x'.repeat(600)}`);
    case '/flash':
      return response.end('FWS\x06');
    case '/empty':
      return response.end();
    case '/broken':
      response.writeHead(200, { 'content-length': 5000 }).write(png);
      return setTimeout(() => response.destroy(), 20);
    default:
      return response.writeHead(404).end();
  }
});

const LIMITS = { maxBytes: 1_000_000, timeoutMs: 700 };
const trusting: FetchOptions = { ...LIMITS, privateHosts: [host] };

async function outcome(address: string, options: FetchOptions = trusting): Promise<string> {
  await using fetcher = new PictureFetcher(options);
  const start = performance.now();
  try {
    const bytes = await fetcher.fetch(address);
    return `${bytes.length} bytes`;
  } catch (error) {
    expect(error).toBeInstanceOf(RowFailure);
    return (error as RowFailure).code;
  } finally {
    expect(performance.now() - start).toBeLessThan(2500);
  }
}

/** A DNS that knows each name by the addresses given. */
function dns(...addresses: string[]): Lookup {
  return (_, __, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('PictureFetcher', () => {
  it.each([
    ['/picture', `${png.length} bytes`],
    ['/once', `${png.length} bytes`],
    ['/loop', 'too_many_redirects'],
    ['/to-private', 'private_address'],
    ['/to-name', 'private_address'],
    ['/to-file', 'url_refused'],
    ['/nowhere', 'fetch_failed'],
    ['/large', 'too_large'],
    ['/endless', 'too_large'],
    ['/slow', 'timeout'],
    ['/silent', 'timeout'],
    ['/page', 'bad_picture'],
    ['/endless-page', 'bad_picture'],
    ['/flash', 'bad_picture'],
    ['/empty', 'bad_picture'],
    ['/broken', 'fetch_failed'],
    ['/missing', 'http_status'],
  ])('ends with %s in %s', async (path, expected) => {
    expect(await outcome(`http://${host}${path}`)).toBe(expected);
  });

  it('never reaches a private address by number', async () => {
    const port = secret.split(':')[1]!;
    const before = reached;
    const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', 'localhost', '0.0.0.0'];
    const wrapped = [
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[fe80::1]',
    ];
    for (const name of [...hosts, ...wrapped])
      expect([name, await outcome(`http://${name}:${port}/`, LIMITS)]).toEqual([name, 'private_address']);
    expect(reached).toBe(before);
  });

  it.each([
    ['10.0.0.7'],
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['100.64.0.1'],
    ['::1'],
    ['fd00::1'],
    ['::ffff:10.0.0.1'],
  ])('never reaches a private address by name: %s', async (address) => {
    const before = reached;
    const port = secret.split(':')[1]!;
    expect(await outcome(`http://pictures.test:${port}/`, { ...LIMITS, lookup: dns(address) })).toBe(
      'private_address',
    );
    expect(reached).toBe(before);
  });

  it('looks at where a socket really ended up', async () => {
    const socket = connect(Number(secret.split(':')[1]), '127.0.0.1');
    await once(socket, 'connect');
    expect(() => {
      checkSocket(socket, 'pictures.test');
    }).toThrow('Host "pictures.test" (127.0.0.1) is in a private network.');
    socket.destroy();
  });

  it('fetches from listed hosts only, by name, subdomain and port', async () => {
    const [name, port] = host.split(':') as [string, string];
    const listed = (...hosts: string[]) => outcome(`http://${host}/picture`, { ...trusting, hosts });
    expect(await listed(host)).toBe(`${png.length} bytes`);
    expect(await listed(name)).toBe(`${png.length} bytes`);
    expect(await listed('example.com', `${name}:1`)).toBe('url_refused');
    expect(await listed()).toBe('url_refused');
    const elsewhere = { ...LIMITS, hosts: ['*.example.com'], lookup: dns('10.0.0.1') };
    expect(await outcome(`http://a.example.com:${port}/`, elsewhere)).toBe('private_address');
    expect(await outcome('http://example.com/', elsewhere)).toBe('url_refused');
    expect(await outcome('http://badexample.com/', elsewhere)).toBe('url_refused');
    expect(() => new PictureFetcher({ hosts: ['http://example.com/'] })).toThrow('is not a host');
  });

  it('refuses addresses that are none, or carry a password', async () => {
    for (const address of [
      'http://',
      'ftp://example.com/a.png',
      `http://me:secret@${host}/picture`,
      'http://a b/',
    ])
      expect([address, await outcome(address)]).toEqual([address, 'url_refused']);
  });

  it('stops at once when interrupted', async () => {
    await using fetcher = new PictureFetcher({ ...trusting, timeoutMs: 60_000 });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort(new Error('stopped'));
    }, 50);
    await expect(fetcher.fetch(`http://${host}/silent`, stop.signal)).rejects.toThrow('stopped');
  });

  it('says that a server cannot be reached', async () => {
    expect(await outcome('http://127.0.0.1:1/', { ...LIMITS, privateHosts: ['127.0.0.1'] })).toBe(
      'fetch_failed',
    );
    const unknown: Lookup = (_, __, callback) => {
      callback(Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' }), []);
    };
    expect(await outcome('http://pictures.test/', { ...LIMITS, lookup: unknown })).toBe('fetch_failed');
  });
});
