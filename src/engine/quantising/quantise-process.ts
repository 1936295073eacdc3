import { loadBackend } from '../local/runtime/backend.js';
import type { QuantiseAnswer, QuantiseTask } from './quantise-messages.js';

/* Runs in a process of its own, which can be ended while llama.cpp works; see quantise-file.ts. */

/** Rows held at once, in bytes: more of them are no faster. */
const MOST_BUFFER_BYTES = 2 ** 29;

process.once('message', (task: QuantiseTask) => {
  void work(task).then((answer) =>
    process.send?.(answer, () => {
      process.disconnect();
    }),
  );
});

async function work({ source, target, threads, ...wanted }: QuantiseTask): Promise<QuantiseAnswer> {
  try {
    await using backend = await loadBackend({ device: 'cpu', threads });
    try {
      const options = { ...wanted, threads: backend.threads, mostBufferBytes: MOST_BUFFER_BYTES };
      await backend.addon.quantiseFile(source, target, options);
      return { ok: true };
    } catch (error) {
      return { ok: false, problem: reasonIn(await backend.log.read()) ?? messageOf(error) };
    }
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
}

/** llama.cpp's own last words: `llama_model_quantize: failed to quantize: …`. */
function reasonIn(lines: readonly string[]): string | undefined {
  return lines
    .map((line) => /failed to quantize: (.+)$/.exec(line)?.[1])
    .findLast((reason) => reason !== undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
