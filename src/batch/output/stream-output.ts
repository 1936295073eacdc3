import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { RowSink } from './output-file.js';

/** Output rows to a stream such as stdout, which stays open. */
export class StreamOutput implements RowSink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  async write(line: string): Promise<void> {
    if (!this.#stream.write(line)) await once(this.#stream, 'drain');
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
