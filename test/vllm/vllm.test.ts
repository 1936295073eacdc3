/*
 * A real vLLM beside the engine here, and servers of three kinds behind one batch. `npm run test:vllm`; it takes a quarter of an
 * hour on 2 cores. LLAMA_SERVER names llama.cpp's server, to have it in the mixture.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawScenes } from '../../src/eval/demo/demo-scenes.js';
import { LLAVA, projectFile, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { freePort, RunningVllm } from '../helpers/running-vllm.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const ROWS = Number(process.env['LLAVA_VLLM_ROWS'] ?? 3000);
const A_PICTURE = 20;
/** Two tokens whose log-probabilities are this near may change places with another engine's rounding. */
const NEAR_TIE = 0.02;

interface Row {
  readonly id: number;
  readonly question: string;
  readonly answer?: string;
  readonly value?: unknown;
  readonly error?: object;
  readonly logprobs?: readonly { readonly text: string; readonly logProbability: number }[];
}

const folder = temporaryFolder();

/** Options of the demo model at servers that do not tell its size. */
function at(...addresses: readonly string[]): readonly string[] {
  return [...addresses.flatMap((address) => ['--server', address]), '--server-image-size', '112'];
}

/** Questions about drawn scenes in all formats, the log-probabilities of their answers with them. */
async function drawRows(count: number, more: (index: number) => object = () => ({})): Promise<object[]> {
  const rows: object[] = [];
  for await (const { path, questions } of drawScenes(folder, 23, Math.ceil(count / A_PICTURE)))
    for (const { question, format, choices } of questions.slice(0, A_PICTURE))
      rows.push({
        id: rows.length,
        image: path,
        question,
        format,
        ...(choices && { choices }),
        ...more(rows.length),
      });
  return rows.slice(0, count);
}

function writeRows(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

function readRows(path: string): readonly Row[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

async function answer(input: string, name: string, ...args: readonly string[]): Promise<readonly Row[]> {
  const output = join(folder, name);
  const run = await runLlava(['batch', input, '-o', output, ...args]);
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  return readRows(output);
}

describe('vLLM', { timeout: 3_600_000 }, () => {
  let server: RunningVllm;

  beforeAll(async () => {
    server = await RunningVllm.start('demo');
  }, 400_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it(`answers ${ROWS} rows of all formats as the engine here does, but for near ties`, async () => {
    const input = writeRows('rows.jsonl', await drawRows(ROWS, () => ({ logprobs: true })));
    const here = await answer(input, 'here.jsonl');
    const there = await answer(input, 'there.jsonl', ...at(server.address));
    const different = here.flatMap((row, index) => {
      const other = there[index];
      return row.answer === other?.answer ? [] : [describeDifference(row, other)];
    });
    process.stdout.write(`${ROWS - different.length} of ${ROWS} answers are the same\n`);
    for (const { text } of different) process.stdout.write(`${text}\n`);
    expect(different.filter(({ isNearTie }) => !isNearTie)).toEqual([]);
  });

  it('keeps 500 of 500 answers to labels, choices and schemas', async () => {
    const labels = ['red', 'green', 'blue', 'dark red'];
    const schema = {
      type: 'object',
      properties: { color: { enum: labels } },
      required: ['color'],
      additionalProperties: false,
    };
    const kinds = [
      { format: 'short', choices: undefined, labels },
      { format: 'letter', choices: labels },
      { format: 'free', choices: undefined, schema },
    ];
    const rows = await drawRows(500, (index) => kinds[index % kinds.length] ?? {});
    const answers = await answer(writeRows('held.jsonl', rows), 'held-there.jsonl', ...at(server.address));
    for (const [index, { answer: text = '', value, error }] of answers.entries()) {
      expect(error).toBeUndefined();
      if (index % 3 === 0) expect(labels).toContain(text);
      if (index % 3 === 1) expect(text).toMatch(/^[A-D]$/);
      if (index % 3 === 2) expect(labels).toContain((value as { color: string }).color);
    }
  });

  it('tells how probable labels are, as the engine here does', async () => {
    const args = ['ask', '--labels', 'red,dark,dark red', '--probabilities', '--json'];
    const picture = projectFile('examples/shapes.png');
    const [here, there] = await Promise.all([
      runLlava([...args, 'What color is the circle?', picture]),
      runLlava([...args, 'What color is the circle?', picture, ...at(server.address)]),
    ]);
    const [own, other] = [here, there].map(({ stdout }) =>
      (JSON.parse(stdout) as { probabilities: { logLikelihood: number }[] }).probabilities.map(
        ({ logLikelihood }) => logLikelihood,
      ),
    );
    for (const [place, logLikelihood] of (own ?? []).entries())
      expect(Math.abs(logLikelihood - (other?.[place] ?? NaN))).toBeLessThan(0.2);
  });

  it('is refused with a template that leaves the system text out, and both prompts are told', async () => {
    await using wrong = await RunningVllm.start('demo-without-system-text');
    const ask = ['ask', 'What is it?', projectFile('examples/shapes.png'), ...at(wrong.address)];
    const refused = await runLlava(ask);
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toContain('asks in other words than LLaVA-1.5 was trained with');
    expect(refused.stderr).toMatch(/It writes "<s> ?USER: *<image>/);
    expect(refused.stderr).toContain('A chat between a curious user');
    expect(await runLlava([...ask, '--any-prompt'])).toMatchObject({ exitCode: 0 });
  });
});

describe('servers of several kinds behind one batch', { timeout: 3_600_000 }, () => {
  it('answer every row once, in order, though each of them and the client are killed', async () => {
    const kinds: ((port: number) => Promise<AsyncDisposable>)[] = [
      (port) => RunningVllm.start('demo', port),
      (port) => RunningVllm.start('demo', port),
      (port) => RunningServer.start('--parallel', '4', '--model', 'demo', '--port', String(port)),
    ];
    const llamaServer = process.env['LLAMA_SERVER'];
    if (llamaServer !== undefined) kinds.push((port) => startLlamaServer(llamaServer, port));
    const ports = await Promise.all(kinds.map(() => freePort()));
    // One after the other: each takes all of a core while it starts.
    const running: AsyncDisposable[] = [];
    const start = async (place: number) => {
      const one = await kinds[place]?.(ports[place] ?? 0);
      if (one !== undefined) running[place] = one;
    };
    for (const place of kinds.keys()) await start(place);
    const addresses = ports.map((port) => `http://127.0.0.1:${port}`);
    // Enough to be under way still when the last has come back: a vLLM takes half a minute to start.
    const count = 4 * ROWS;
    const input = writeRows('mixed.jsonl', await drawRows(count));
    const output = join(folder, 'mixed.jsonl.out');
    const run = (...more: string[]) =>
      spawn(process.execPath, [LLAVA, 'batch', input, '-o', output, ...at(...addresses), ...more], {
        env: { ...process.env, ...TEST_ENVIRONMENT },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    // Each of them is away for a while, and the client is killed when half of them have been.
    const step = count / (2 * kinds.length + 2);
    const starts: Promise<void>[] = [];
    try {
      let client = run();
      for (const place of kinds.keys()) {
        await linesIn(output, step * (place + 1));
        expect(client.exitCode).toBeNull();
        await running[place]?.[Symbol.asyncDispose]();
        await linesIn(output, step * (place + 1.5));
        if (place === 1) {
          client.kill('SIGKILL');
          await exitCode(client);
          client = run('--resume');
        }
        starts.push(start(place));
      }
      await Promise.all(starts);
      expect(client.exitCode).toBeNull();
      expect(await exitCode(client)).toBe(0);
      const rows = readRows(output);
      expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, id) => id));
      expect(rows.filter(({ error }) => error !== undefined)).toEqual([]);
    } finally {
      await Promise.allSettled(starts);
      for (const one of running) await one[Symbol.asyncDispose]();
    }
  });
});

/** Where two answers part, and how likely each token was there. */
function describeDifference(
  { id, question, answer, logprobs: own = [] }: Row,
  other: Row | undefined,
): { readonly text: string; readonly isNearTie: boolean } {
  const others = other?.logprobs ?? [];
  const place = own.findIndex(({ text }, index) => text.trim() !== others[index]?.text.trim());
  const at = place === -1 ? own.length : place;
  const here = own[at];
  const there = others[at];
  const gap = Math.abs((here?.logProbability ?? NaN) - (there?.logProbability ?? NaN));
  return {
    text: `row ${id}: ${JSON.stringify(question)}: here ${JSON.stringify(answer)} (${here?.logProbability}), there ${JSON.stringify(other?.answer)} (${there?.logProbability})`,
    isNearTie: gap < NEAR_TIE,
  };
}

async function startLlamaServer(program: string, port: number): Promise<AsyncDisposable> {
  const demo = projectFile('models/demo');
  const pair = ['-m', join(demo, 'model.gguf'), '--mmproj', join(demo, 'mmproj.gguf')];
  const started = spawn(program, [...pair, '--port', String(port), '-np', '4', '-c', '4096'], {
    stdio: 'ignore',
  });
  const isUp = async () => {
    const { ok } = await fetch(`http://127.0.0.1:${port}/health`);
    return ok;
  };
  while (!(await isUp().catch(() => false))) {
    if (started.exitCode !== null) throw new Error('llama-server did not start.');
    await sleep(200);
  }
  return {
    [Symbol.asyncDispose]: async () => {
      if (started.exitCode !== null || started.signalCode !== null) return;
      const ended = exitCode(started);
      started.kill('SIGKILL');
      await ended;
    },
  };
}

async function linesIn(path: string, count: number): Promise<void> {
  const lines = () => readFileSync(path, { encoding: 'utf8', flag: 'a+' }).split('\n').length - 1;
  while (lines() < count) await sleep(200);
}

function exitCode(run: ChildProcess): Promise<number | null> {
  if (run.exitCode !== null) return Promise.resolve(run.exitCode);
  return new Promise((resolve) => run.once('exit', resolve));
}
