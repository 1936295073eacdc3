import { firstPairing, layerFlags, pairings, type BenchSetup, type Pairing } from './bench-setup.js';
import type { Figures } from './figures.js';
import { runOnce, type ProgramRun } from './run-once.js';
import { manyFigures, onceFigures } from './shared-figures.js';

/** What llama.cpp calls a form, where it is not LLaVA-1.5's. */
const TEMPLATES: Readonly<Partial<Record<string, string>>> = {
  llama3: 'llama3',
  phi3: 'phi3',
  mistral_instruct: 'mistral-v1',
};

/** llama.cpp's own program as a user types it, with the same prompt. */
export class MtmdCli {
  readonly #program: string;

  /** @param program path of `llama-mtmd-cli` */
  constructor(program: string) {
    this.#program = program;
  }

  async askCold(setup: BenchSetup): Promise<Figures> {
    const run = await this.#ask(setup, firstPairing(setup));
    const said = run.stdout + run.stderr;
    const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1]);
    return onceFigures(run, {
      loadMs: number(/load time =\s+([\d.]+) ms/),
      encodeMs: number(/batch encoding done in (\d+) ms/),
      lookMs: number(/image decoded[^\n]* in (\d+) ms/),
      tokenMs: number(/print:\s+eval time =[^\n]*\(\s+([\d.]+) ms per token/),
    });
  }

  /** One process after the other: it answers one question. */
  async askMany(setup: BenchSetup): Promise<Figures> {
    let seconds = 0;
    for (const asked of pairings(setup)) seconds += (await this.#ask(setup, asked)).seconds;
    return manyFigures(setup, seconds);
  }

  async #ask(setup: BenchSetup, { picture, question }: Pairing): Promise<ProgramRun> {
    const { model, mmproj, threads, tokens, signal, conversation } = setup;
    return await runOnce(
      this.#program,
      [
        ...layerFlags(setup),
        ...['-lv', '4', '-m', model, '--mmproj', mmproj, '-t', String(threads), '-n', String(tokens)],
        // All of the picture in one go, as llava evaluates it.
        ...[
          '-c',
          '4096',
          '-ub',
          '640',
          '--temp',
          '0',
          '--chat-template',
          TEMPLATES[conversation.name] ?? 'vicuna',
          ...(conversation.systemText === '' ? [] : ['-sys', conversation.systemText]),
        ],
        ...['--image', picture, '-p', `<__media__>\n${question}`],
      ],
      signal,
    );
  }
}
