import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { QuantiseAnswer, QuantiseTask } from './quantise-messages.js';

export interface QuantiseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hears how many bytes of the new file are written. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

const LOOK_EVERY_MS = 250;

/**
 * Has llama.cpp quantise a GGUF file in a process of its own, which ends with `signal`. The caller checks what was written: a
 * disk that fills up may pass unnoticed.
 * @throws ExpectedError('engine') with llama.cpp's reason; the signal's reason on abort
 */
export async function quantiseFile(task: QuantiseTask, options: QuantiseOptions = {}): Promise<void> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  // Beside this file, and like it .js or, in tests, .ts.
  const own = fileURLToPath(import.meta.url);
  const file = path.join(path.dirname(own), `quantise-process${path.extname(own)}`);
  const child = fork(file, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  const looking = setInterval(() => {
    void stat(task.target).then(
      ({ size }) => onProgress?.(size),
      () => undefined,
    );
  }, LOOK_EVERY_MS);
  try {
    let answer: QuantiseAnswer | undefined;
    child.once('message', (message: QuantiseAnswer) => (answer = message));
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    child.send(task);
    const [code, killedBy] = await ended;
    signal?.throwIfAborted();
    if (answer?.ok === true) return;
    throw failure(task, answer?.problem ?? `its process ended (${code ?? killedBy ?? 'unknown'})`);
  } finally {
    clearInterval(looking);
    signal?.removeEventListener('abort', stop);
  }
}

function failure({ source }: QuantiseTask, problem: string): ExpectedError {
  return new ExpectedError('engine', `llama.cpp cannot quantise ${quote(source)}: ${problem.trim()}.`, {
    hint: 'Choose another --type, or run again with NODE_DEBUG=llava',
  });
}
