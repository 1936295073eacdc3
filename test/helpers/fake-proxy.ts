import { once } from 'node:events';
import { createServer, request as sendOn, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

/** A small forward proxy that records what it is asked for: `CONNECT host:port`, or `GET http://...`. */
export class FakeProxy implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const { method, headers } = request;
      const onward = sendOn(request.url ?? '', { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    this.#server.on('connect', (request, client) => {
      this.asked.push(`CONNECT ${request.url ?? ''}`);
      const target = new URL(`http://${request.url ?? ''}`);
      const onward = connect(Number(target.port), target.hostname, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      onward.on('error', () => client.destroy());
      client.on('error', () => onward.destroy());
    });
  }

  static async start(): Promise<FakeProxy> {
    const proxy = new FakeProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
