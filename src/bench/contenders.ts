import type { BenchSetup } from './bench-setup.js';
import type { Figures } from './figures.js';
import { LlamaServer } from './llama-server-runs.js';
import { askCached, askCold, askDemo, askMany, askPruned, startUp } from './llava-runs.js';
import { chat } from './llava-chat.js';
import { MtmdCli } from './mtmd-cli-runs.js';

/** Kinds of work, in the order they are done. */
export const WORKS = ['start', 'once', 'again', 'pruned', 'many', 'chat', 'demo'] as const;

export type Work = (typeof WORKS)[number];

/** What is compared. */
export type ContenderName = 'llava' | 'llama-mtmd-cli' | 'llama-server';

/** Something that does some of the kinds of work. */
export interface Contender {
  readonly name: ContenderName;
  readonly works: Readonly<Partial<Record<Work, (setup: BenchSetup) => Promise<Figures>>>>;
}

/** A quarter of LLaVA-1.5's 576. */
const PRUNED_TOKENS = 144;

/** llava itself. */
export function llavaContender(demoRows: number): Contender {
  return {
    name: 'llava',
    works: {
      start: startUp,
      once: askCold,
      again: async (setup) => ({
        ...(await askCached(setup, 'features')),
        ...(await askCached(setup, 'prefix')),
      }),
      pruned: (setup) => askPruned(setup, PRUNED_TOKENS),
      many: askMany,
      chat,
      demo: (setup) => askDemo(setup, demoRows),
    },
  };
}

/** @param program path of llama.cpp's `llama-mtmd-cli` */
export function mtmdContender(program: string): Contender {
  const cli = new MtmdCli(program);
  return {
    name: 'llama-mtmd-cli',
    works: { once: (setup) => cli.askCold(setup), many: (setup) => cli.askMany(setup) },
  };
}

/** @param program path of llama.cpp's `llama-server` */
export function serverContender(program: string): Contender {
  const server = new LlamaServer(program);
  return {
    name: 'llama-server',
    works: { many: (setup) => server.askMany(setup), chat: (setup) => server.chat(setup) },
  };
}
