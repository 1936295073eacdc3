import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchSetup } from '../../bench/bench-setup.js';
import { compare, comparisonRecord, comparisonTable, type Comparison } from '../../bench/compare.js';
import {
  llavaContender,
  mtmdContender,
  serverContender,
  WORKS,
  type Contender,
  type Work,
} from '../../bench/contenders.js';
import type { DeviceKind } from '../../engine/devices/device-kind.js';
import { describeVersions } from '../../engine/local/runtime/release.js';
import { drawScenes } from '../../eval/demo/demo-scenes.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { type Io, writeJson } from '../../terminal/io.js';
import { findWeights, type WeightChoice } from '../../opening/find-weights.js';
import { startProgress } from '../../terminal/progress.js';
import { formatTable } from '../../terminal/table.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';

/** The flags of `llava bench`. */
export interface BenchFlags extends WeightChoice {
  readonly device: DeviceKind;
  readonly threads?: number;
  readonly runs: number;
  readonly pictures: number;
  readonly questions: number;
  readonly tokens: number;
  readonly demoRows: number;
  readonly only?: readonly Work[];
  readonly mtmdCli?: string;
  readonly server?: string;
  readonly json?: boolean;
}

/** Measures on pictures that it draws, and tells the medians. */
export async function bench(flags: BenchFlags, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const works = worksOf(flags);
  await checkProgram('--mtmd-cli', flags.mtmdCli);
  await checkProgram('--server', flags.server);
  const { model, mmproj, conversation } = await findWeights(flags, openingHost(context));
  const threads = flags.threads ?? availableParallelism();
  const folder = await mkdtemp(join(tmpdir(), 'llava-bench-'));
  try {
    const setup: BenchSetup = {
      model,
      mmproj,
      conversation,
      device: flags.device,
      threads,
      pictures: await drawPictures(folder, flags.pictures),
      questions: Array.from(
        { length: flags.questions },
        (_, index) => `What color is shape number ${index + 1}?`,
      ),
      tokens: flags.tokens,
      folder,
      signal,
    };
    const contenders = [
      llavaContender(flags.demoRows),
      ...(flags.mtmdCli === undefined ? [] : [mtmdContender(flags.mtmdCli)]),
      ...(flags.server === undefined ? [] : [serverContender(flags.server)]),
    ];
    const comparison = await compareWithProgress(contenders, works, flags.runs, setup, io);
    if (flags.json === true) writeJson(io, { threads, ...flags, figures: comparisonRecord(comparison) });
    else {
      io.stderr.write(
        `${describeVersions()}, Node ${process.version}, ${flags.device}, ${threads} threads, ${flags.runs} runs\n`,
      );
      io.stdout.write(formatTable(comparisonTable(comparison)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareWithProgress(
  contenders: readonly Contender[],
  works: readonly Work[],
  runs: number,
  setup: BenchSetup,
  io: Io,
): Promise<Comparison> {
  using progress = startProgress(io);
  const onStep = (step: string) => {
    progress.say(step);
  };
  return await compare(contenders, works, runs, setup, onStep, (name, figures) => {
    for (const [figure, value] of Object.entries(figures))
      io.stderr.write(`${name}: ${figure} ${value.toFixed(3)}\n`);
  });
}

function worksOf({ only }: BenchFlags): readonly Work[] {
  if (only === undefined) return WORKS;
  const unknown = only.find((name) => !WORKS.includes(name));
  if (unknown === undefined) return WORKS.filter((work) => only.includes(work));
  throw new ExpectedError('usage', `${quote(unknown)} is not a kind of work to measure.`, {
    hint: `--only takes ${WORKS.join(', ')}`,
  });
}

/** Before measuring, which can take an hour. */
async function checkProgram(option: string, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await access(path, constants.X_OK);
    if (!(await stat(path)).isFile()) throw new Error('it is a folder');
  } catch (cause) {
    throw new ExpectedError('usage', `There is no program at ${quote(path)}.`, {
      hint: `${option} takes the path of a llama.cpp build, such as build/bin/llama-server`,
      cause,
    });
  }
}

async function drawPictures(folder: string, count: number): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of drawScenes(folder, 0, count)) paths.push(path);
  return paths;
}
