import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCENES_OF_A_SEED, drawScenes } from '../eval/demo/demo-scenes.js';
import { packageFile } from '../files/package-file.js';
import { firstPairing, pairings, type BenchSetup, type Pairing } from './bench-setup.js';
import type { Figures } from './figures.js';
import { runOnce, type ProgramRun } from './run-once.js';
import { manyFigures, onceFigures } from './shared-figures.js';

/** The program that this is a part of. */
export const PROGRAM = packageFile('bin/llava.js');

/** What `llava ask --json` says of times. */
interface AskAnswer {
  readonly ms: {
    readonly encode: number;
    readonly look: number;
    readonly question: number;
    readonly answer: number;
  };
  readonly tokens: { readonly answer: number };
}

/** What a row of a batch says of times. */
interface AnsweredRow {
  readonly ms: { readonly question: number; readonly answer: number };
}

/** One question as a user types it: all steps, from start to exit. */
export async function askCold(setup: BenchSetup): Promise<Figures> {
  const run = await ask(setup, []);
  const { ms, tokens } = JSON.parse(run.stdout) as AskAnswer;
  const loadMs = Number(/load (\d+) ms/.exec(run.stderr)?.[1]);
  return {
    ...onceFigures(run, {
      loadMs,
      encodeMs: ms.encode,
      lookMs: ms.look,
      tokenMs: ms.answer / (tokens.answer - 1),
    }),
    'outside llama.cpp, s': run.seconds - (loadMs + ms.encode + ms.look + ms.question + ms.answer) / 1000,
  };
}

/** The same question again, with what the run before kept. */
export async function askCached(setup: BenchSetup, kind: 'features' | 'prefix'): Promise<Figures> {
  const folder = join(setup.folder, kind);
  const flags = ['--cache', folder, ...(kind === 'prefix' ? ['--cache-prefixes'] : [])];
  await ask(setup, flags);
  const { seconds } = await ask(setup, flags);
  return { [kind === 'prefix' ? 'again, prefix kept, s' : 'again, features kept, s']: seconds };
}

/** Keeps fewer tokens of the picture; the figure is the time that evaluating them takes. */
export async function askPruned(setup: BenchSetup, imageTokens: number): Promise<Figures> {
  const { stdout } = await ask(setup, ['--image-tokens', String(imageTokens)]);
  const { ms } = JSON.parse(stdout) as AskAnswer;
  return { [`evaluate ${imageTokens} image tokens, s`]: ms.look / 1000 };
}

/** Every question about every picture in one batch. */
export async function askMany(setup: BenchSetup): Promise<Figures> {
  const asked = pairings(setup);
  const { seconds } = await batch(setup, asked, [
    ...weightFlags(setup),
    '--max-tokens',
    String(setup.tokens),
  ]);
  return manyFigures(setup, seconds);
}

/** The demo model on so many questions about its own world, its start included. */
export async function askDemo(setup: BenchSetup, rows: number): Promise<Figures> {
  const asked = await demoPairings(setup.folder, rows);
  const { seconds, stdout } = await batch(setup, asked, [
    ...['--model', 'demo', '--device', setup.device],
    ...['--parallel', '1', '--timings'],
  ]);
  const answered = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AnsweredRow);
  const inAnswers = answered.reduce((sum, { ms }) => sum + ms.question + ms.answer, 0);
  return {
    'demo model, rows a second': rows / seconds,
    'demo model, ms a row outside answers': (1000 * seconds - inAnswers) / rows,
  };
}

async function demoPairings(folder: string, rows: number): Promise<readonly Pairing[]> {
  const asked: Pairing[] = [];
  for await (const { path, questions } of drawScenes(folder, 0, SCENES_OF_A_SEED)) {
    asked.push(
      ...questions.map(({ question, format, choices }) => ({ picture: path, question, format, choices })),
    );
    if (asked.length >= rows) break;
  }
  return asked.slice(0, rows);
}

/** From start to exit of a run that needs no weights. */
export async function startUp({ signal }: BenchSetup): Promise<Figures> {
  const { seconds } = await llava(['--version'], signal);
  return { 'start-up, s': seconds };
}

async function ask(setup: BenchSetup, flags: readonly string[]): Promise<ProgramRun> {
  const { picture, question } = firstPairing(setup);
  const output = ['--json', '--stats', '--max-tokens', String(setup.tokens)];
  return await llava(['ask', ...weightFlags(setup), ...output, ...flags, question, picture], setup.signal);
}

async function batch(
  { folder, signal }: BenchSetup,
  asked: readonly Pairing[],
  flags: readonly string[],
): Promise<ProgramRun> {
  const rows = asked.map(({ picture, ...rest }, id) => JSON.stringify({ id, image: picture, ...rest }));
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, `${rows.join('\n')}\n`);
  return await llava(['batch', path, ...flags], signal);
}

/** The pair, all of it on the device. */
export function weightFlags({ model, mmproj, device, threads }: BenchSetup): readonly string[] {
  const layers = device === 'cpu' ? [] : ['--gpu-layers', 'all'];
  return ['--gguf', model, '--mmproj', mmproj, '--device', device, ...layers, '--threads', String(threads)];
}

async function llava(args: readonly string[], signal: AbortSignal): Promise<ProgramRun> {
  return await runOnce(process.execPath, [PROGRAM, ...args], signal);
}
