import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptConnection } from '../../src/kept/kept-connection.js';
import { stateSchema } from '../../src/kept/wire.js';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { writeRandomPair } from '../reference/random-pair.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const question = ['ask', 'What color is the circle?', circle];
const answer = { exitCode: 0, stdout: 'The circle is red.\n', stderr: '' };
const died = 'warning: The kept engine is not used: it has died.\n';
/** Random weights hardly ever end their turn, and say anything at all. */
const random = writeRandomPair(join(folder, 'random'), { textWidth: 512, textBlocks: 8 });
const endless = ['ask', 'What is it?', circle, '--gguf', random.model, '--mmproj', random.mmproj];

let runtime: string;
let env: Record<string, string>;

interface Kept {
  readonly pid: number;
  readonly address: string;
  readonly running: number;
}

async function listKept(): Promise<readonly Kept[]> {
  const { stdout } = await runLlava(['ps', '--json'], { env });
  return (JSON.parse(stdout) as { engines: readonly Kept[] }).engines;
}

/** Keeps an engine by asking the question, or by asking the endless weights a little. */
async function keepOne(time = '5m', args: readonly string[] = question): Promise<Kept> {
  expect(await runLlava([...args, '--keep', time], { env })).toMatchObject({ exitCode: 0 });
  const [kept] = await listKept();
  if (kept === undefined) throw new Error('Nothing is kept.');
  return kept;
}

function keepEndless(): Promise<Kept> {
  return keepOne('5m', [...endless, '--max-tokens', '1']);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(20);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A long answer, and what has been said of it so far. */
function askAtLength() {
  const child = spawn(process.execPath, [LLAVA, ...endless, '--max-tokens', '400'], {
    env: { ...process.env, ...TEST_ENVIRONMENT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said, ended: once(child, 'close') };
}

describe('the life of a kept engine', { timeout: 120_000 }, () => {
  let run = 0;
  beforeEach(() => {
    runtime = join(folder, `runtime-${run++}`);
    mkdirSync(runtime, { mode: 0o700 });
    env = { XDG_RUNTIME_DIR: runtime };
  });
  afterEach(async () => {
    await runLlava(['stop', '--all'], { env });
  });

  it('begins only when asked, is found by other commands, and ends without a trace', async () => {
    expect(await runLlava(question, { env })).toEqual(answer);
    expect(readdirSync(runtime)).toEqual([]);
    const { pid } = await keepOne();
    expect(await runLlava(question, { env })).toEqual(answer);
    const [{ pid: same } = { pid: 0 }] = await listKept();
    expect(same).toBe(pid);
    const stopped = await runLlava(['stop'], { env });
    expect(stopped).toEqual({ exitCode: 0, stdout: '', stderr: `Ended demo (process ${pid}).\n` });
    await until(() => !isRunning(pid));
    expect(readdirSync(runtime)).toEqual([]);
    expect(await runLlava(['ps'], { env })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('ends by itself when its time is over, which each use begins anew', async () => {
    const { pid } = await keepOne('1s');
    const start = performance.now();
    await wait(600);
    await runLlava(question, { env });
    await until(() => !isRunning(pid));
    expect(performance.now() - start).toBeGreaterThan(1500);
    expect(readdirSync(runtime)).toEqual([]);
  });

  it('is one for those who ask at once', async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(() => runLlava([...question, '--keep', '5m'], { env })));
    expect(runs).toEqual([answer, answer, answer, answer]);
    expect(await listKept()).toHaveLength(1);
  });

  it('is another for other settings', async () => {
    await keepOne();
    expect(await runLlava([...question, '--context', '512'], { env })).toEqual(answer);
    expect(await listKept()).toHaveLength(1);
    await runLlava([...question, '--context', '512', '--keep', '5m'], { env });
    expect(await listKept()).toHaveLength(2);
    const stopped = await runLlava(['stop'], { env });
    expect(stopped).toMatchObject({ exitCode: 2, stdout: '' });
    expect(stopped.stderr).toMatch(/error: 2 engines are kept: demo\.\ntry: .*llava stop --all/);
  });

  it('is not missed when it was killed', async () => {
    const { pid } = await keepOne();
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid));
    expect(await runLlava(question, { env })).toEqual({ ...answer, stderr: died });
    expect(await runLlava(question, { env })).toEqual(answer);
    const { pid: next } = await keepOne();
    process.kill(next, 'SIGKILL');
    await until(() => !isRunning(next));
    // Whoever wants one kept gets another.
    await keepOne();
  });

  it('is not missed when it is killed in the middle of an answer', async () => {
    const whole = await runLlava([...endless, '--max-tokens', '400', '--keep', '0'], { env });
    expect(whole.stdout.length).toBeGreaterThan(200);
    for (const length of [1, 100]) {
      const { pid } = await keepEndless();
      const { said, ended } = askAtLength();
      await until(() => said.stdout.length >= length);
      process.kill(pid, 'SIGKILL');
      await ended;
      expect(said.stdout).toBe(whole.stdout);
      expect(said.stderr).toBe(
        'warning: The kept engine is not used: it died in the middle of an answer.\n' + whole.stderr,
      );
    }
  });

  it('is free again when the one who asked has gone', async () => {
    const { address } = await keepEndless();
    const { child, said, ended } = askAtLength();
    await until(() => said.stdout.length > 50);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    const connection = new KeptConnection(address);
    const isFree = async () => (await connection.call('/engine/state', stateSchema)).running === 0;
    const start = performance.now();
    await until(isFree);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('finishes what it answers when it is stopped', async () => {
    await keepEndless();
    const { child, said, ended } = askAtLength();
    await until(() => said.stdout.length > 50);
    await runLlava(['stop'], { env });
    await ended;
    expect(child.exitCode).toBe(0);
    expect(said.stderr).not.toContain('kept engine');
  });

  it('is not used by another version', async () => {
    await keepOne();
    const [entry = ''] = readdirSync(join(runtime, 'llava')).filter((name) => name.endsWith('.json'));
    const path = join(runtime, 'llava', entry);
    writeFileSync(
      path,
      JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), version: '0.0.9' }),
    );
    const other = await runLlava(question, { env });
    expect(other).toMatchObject({ exitCode: 0, stdout: answer.stdout });
    expect(other.stderr).toMatch(
      /^warning: The kept engine is not used: It is of llava 0\.0\.9, and this is .*\n$/,
    );
  });

  it('answers nothing that is malformed, and lives on', async () => {
    const { address } = await keepOne();
    const connection = new KeptConnection(address);
    const paths = ['greet', 'grammar', 'pixels', 'show', 'evaluate', 'count', 'score', 'ask'];
    const bodies = [
      null,
      1,
      [],
      { keepMs: -1 },
      { pixels: { size: 2, rgb: 'AAAA' } },
      { pixels: { size: 1e9, rgb: '' } },
    ];
    for (const path of paths)
      for (const body of bodies)
        if (!(path === 'greet' && body !== null && !('keepMs' in Object(body))))
          await expect(connection.call(`/engine/${path}`, stateSchema, body)).rejects.toThrow(/status 400/);
    expect(await runLlava(question, { env })).toEqual(answer);
  });

  it('is not looked for in a folder that others can write to', async () => {
    await keepOne();
    chmodSync(join(runtime, 'llava'), 0o777);
    const run = await runLlava(question, { env });
    expect(run).toMatchObject({ exitCode: 0, stdout: answer.stdout });
    expect(run.stderr).toMatch(
      /^warning: The kept engine is not used: The folder ".*" is open to other users\.\n$/,
    );
    expect(await runLlava(['ps'], { env })).toMatchObject({ exitCode: 4 });
    chmodSync(join(runtime, 'llava'), 0o700);
  });

  it.each([
    [
      'a file',
      (path: string) => {
        writeFileSync(path, '');
        return path;
      },
      'a part of its path is a file, not a folder',
    ],
    ['missing', (path: string) => join(path, 'missing'), 'the folder does not exist'],
    [
      'too long',
      (path: string) => {
        const long = join(path, 'x'.repeat(100));
        mkdirSync(long, { recursive: true });
        return long;
      },
      'more than 103',
    ],
  ])('is done without when its folder is %s', async (_, make, problem) => {
    const place = make(join(runtime, 'place'));
    const run = await runLlava([...question, '--keep', '5m'], { env: { XDG_RUNTIME_DIR: place } });
    expect(run).toMatchObject({ exitCode: 0, stdout: answer.stdout });
    expect(run.stderr).toMatch(/^warning: The kept engine is not used: [^\n]*\n$/);
    expect(run.stderr).toContain(problem);
  });

  it.runIf(process.getuid?.() === 0)('is not taken for one that another user planted', async () => {
    const { pid } = await keepOne();
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid));
    const [name = ''] = readdirSync(join(runtime, 'llava')).filter((file) => file.endsWith('.json'));
    const path = join(runtime, 'llava', name);
    const planted = join(runtime, 'planted.sock');
    let isAsked = false;
    const server = createServer(() => (isAsked = true)).listen(planted);
    await once(server, 'listening');
    chownSync(planted, 65534, 65534);
    writeFileSync(
      path,
      JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), address: planted }),
    );
    const run = await runLlava(question, { env });
    expect(run).toMatchObject({ exitCode: 0, stdout: answer.stdout });
    expect(run.stderr).toBe(`warning: The kept engine is not used: "${planted}" belongs to another user.\n`);
    chownSync(path, 65534, 65534);
    expect((await runLlava(question, { env })).stderr).toBe(
      `warning: The kept engine is not used: "${path}" belongs to another user.\n`,
    );
    expect(isAsked).toBe(false);
    server.close();
    chownSync(path, 0, 0);
  });

  it('has a folder that other users cannot enter', async () => {
    const { address } = await keepOne();
    expect(existsSync(address)).toBe(true);
    if (process.getuid?.() !== 0) return;
    chmodSync(folder, 0o711);
    chmodSync(runtime, 0o711);
    const script = `require('net').connect(${JSON.stringify(address)}).on('error', (e) => console.log(e.code)).on('connect', () => console.log('in'))`;
    const other = spawn(process.execPath, ['-e', script], {
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(other.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('EACCES\n');
  });
});
