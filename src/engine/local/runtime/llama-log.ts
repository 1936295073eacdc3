import { setTimeout as sleep } from 'node:timers/promises';
import { debuglog } from 'node:util';
import type { LlamaLogLevel } from 'node-llama-cpp';

/** llama.cpp's own messages: shown with NODE_DEBUG=llava. */
const debug = debuglog('llava');

const KEPT = 32;
/** llama.cpp's messages come from its threads, a moment after the failure that they explain. */
const LATE_MS = 50;

/** How llama.cpp v0.5.0 and its backends say that there is no memory: for weights, KV cache, compute buffers. */
const OUT_OF_MEMORY =
  /(?:unable|failed) to allocate|cudaMalloc failed|out ?of ?(?:device|host)? ?memory|insufficient memory|bad_alloc/i;

/** Hears what llama.cpp says, and remembers the last of it: its functions fail without a reason. */
export class LlamaLog {
  #recent: string[] = [];

  /** To be given to node-llama-cpp as its logger. */
  readonly hear = (level: LlamaLogLevel, message: string): void => {
    const line = message.trimEnd();
    debug('%s: %s', level, line);
    this.#recent = [...this.#recent, line].slice(-KEPT);
  };

  /** Forgets what was said before the step that begins now. */
  clear(): void {
    this.#recent = [];
  }

  /** What was said since, once the last of it has come in. */
  async read(): Promise<readonly string[]> {
    await sleep(LATE_MS);
    return this.#recent;
  }
}

/** Whether these messages say that memory ran out. */
export function tellsOutOfMemory(lines: readonly string[]): boolean {
  return lines.some((line) => OUT_OF_MEMORY.test(line));
}
