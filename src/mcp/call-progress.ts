import type { ServerContext } from '@modelcontextprotocol/server';

/** Shortest time between two notices of the same step, in milliseconds. */
const PAUSE_MS = 100;

/** Tells a client what its call is at, if it asked to be told. Messages go out in order, and `settle` waits for the last. */
export class CallProgress {
  readonly #token: string | number | undefined;
  readonly #notify: ServerContext['mcpReq']['notify'];
  #sent: Promise<unknown> = Promise.resolve();
  #count = 0;
  #saidAt = -Infinity;

  constructor({ mcpReq: { _meta: meta, notify } }: ServerContext) {
    this.#token = meta?.progressToken;
    this.#notify = notify;
  }

  /** The next step. */
  say(message: string): void {
    if (this.#token === undefined) return;
    this.#saidAt = performance.now();
    const params = { progressToken: this.#token, progress: ++this.#count, message };
    // A client that is gone needs no progress.
    const send = () => this.#notify({ method: 'notifications/progress', params }).catch(() => undefined);
    this.#sent = this.#sent.then(send);
  }

  /** More of the same step, which need not be told each time. */
  saySometimes(message: string): void {
    if (performance.now() - this.#saidAt >= PAUSE_MS) this.say(message);
  }

  async settle(): Promise<void> {
    await this.#sent;
  }
}
