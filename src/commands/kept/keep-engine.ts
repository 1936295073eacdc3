import { once } from 'node:events';
import { compileGrammar } from '../../engine/local/choosing/grammars.js';
import type { LlamaEngine } from '../../engine/local/llama-engine.js';
import { KeptFolder } from '../../kept/kept-folder.js';
import type { KeptTask } from '../../kept/start-kept.js';
import { EngineOpening } from '../../opening/engine-opening.js';
import { Admission } from '../../serve/admission.js';
import { createApp } from '../../serve/app.js';
import { listen } from '../../serve/listen.js';
import { KEPT_PICTURES, WarmEngine } from '../../serve/warm-engine.js';
import { readStdin } from '../../terminal/read-stdin.js';
import { reportError } from '../../terminal/report-error.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';

const MAX_TASK_BYTES = 1_000_000;
const MAX_BODY_BYTES = 32e6;
const MOST_REQUESTS = 256;
/** For requests that run when the engine is told to end. */
const GRACE_MS = 10_000;
/** After the grace, for what was cut to end. */
const LAST_WORDS_MS = 2000;

/** Keeps an engine for its owner's commands until it was unused for long enough, or is told to end: `llava serve` on a socket. */
export async function keepEngine(context: CommandContext): Promise<void> {
  const { io, signal } = context;
  context.allowToEnd(GRACE_MS + LAST_WORDS_MS);
  const { entry, weights, wishes, keepMs } = JSON.parse(
    Buffer.from(await readStdin(io, MAX_TASK_BYTES)).toString(),
  ) as KeptTask;
  const folder = new KeptFolder(io.env);
  const told = new AbortController();
  const stop = () => {
    told.abort();
  };
  const notes: string[] = [];
  const host = {
    ...openingHost(context),
    note: (text: string) => notes.push(text),
    startProgress: () => ({ say: () => undefined, [Symbol.dispose]: () => undefined }),
  };
  const open = async (): Promise<LlamaEngine> => {
    await using opening = new EngineOpening(weights, wishes, host);
    return await opening.open({ sequences: wishes.parallel ?? 'auto', keptPictures: KEPT_PICTURES });
  };
  await using engine = new WarmEngine(open, keepMs, stop);
  const ending = new AbortController();
  const app = createApp({
    engine,
    admission: new Admission(MOST_REQUESTS),
    model: weights.name,
    sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: 512 },
    fetcher: undefined,
    maxBodyBytes: MAX_BODY_BYTES,
    signal: ending.signal,
    hosts: undefined,
    corsOrigins: new Set(),
    apiKey: undefined,
    onDefect: (error) => {
      reportError(io, error);
    },
    kept: {
      notes,
      stop,
      checkGrammar: async (text) => {
        using lent = await engine.lend();
        await compileGrammar(lent.engine.backend.llama, text);
      },
      keepFor: (ms) => {
        engine.idleLimitMs = ms;
      },
      state: () => {
        const { loaded } = engine;
        return {
          pid: process.pid,
          version: entry.version,
          model: weights.name,
          device: loaded?.info.device,
          memory: loaded === undefined ? undefined : memoryOf(loaded),
          pictures: loaded?.pictures ?? 0,
          running: engine.users,
          idleMs: engine.idleMs,
          keepMs: engine.idleLimitMs ?? keepMs,
        };
      },
    },
  });
  const server = await listen(app, { socket: entry.address });
  await folder.add(entry);
  io.stdout.write('listening\n');
  // Whoever started it asks for it next; one that cannot be opened is of no use.
  engine.lend().then((lent) => {
    lent[Symbol.dispose]();
  }, stop);
  const ends = AbortSignal.any([signal, told.signal]);
  if (!ends.aborted) await once(ends, 'abort');
  folder.hide(entry);
  await server.endWithin(GRACE_MS, () => {
    ending.abort();
  });
  await engine[Symbol.asyncDispose]();
  folder.forget(entry);
}

function memoryOf({ memory: { deviceBytes, hostBytes } }: LlamaEngine): { device: number; host: number } {
  return { device: deviceBytes, host: hostBytes };
}
