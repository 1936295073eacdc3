import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { WINDOW_LIMITS } from '../../src/batch/plan-windows.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { mixedRows, readRows, writePictures, writeRows } from './batch-files.js';
import { PureEngine } from './pure-engine.js';
import { runJob, type JobSetup } from './run-job.js';

const folder = temporaryFolder();
const imageFolder = await writePictures(folder, 20);
const pictures = { imageFolder };
let files = 0;
const file = (name: string) => join(folder, `${files++}-${name}`);

/** The output of an uninterrupted run. */
async function reference(input: string, setup: Partial<JobSetup> = {}): Promise<string> {
  const output = file('reference.jsonl');
  await runJob({ input, output, pictures, ...setup });
  return readFileSync(output, 'utf8');
}

describe('runBatch', () => {
  it('answers each row in the order of the input, each picture once, equal rows once', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      id: i,
      image: `${i % 6}.png`,
      question: `What is ${i % 30}?`,
    }));
    const output = file('out.jsonl');
    const { engine, ...summary } = await runJob({
      input: writeRows(file('in.jsonl'), rows),
      output,
      pictures,
    });
    expect(readRows(output).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(engine.shown).toHaveLength(6);
    expect(engine.mostAtOnce).toBe(3);
    expect(new Set(engine.asked).size).toBe(30);
    expect(summary).toMatchObject({
      rows: 60,
      answered: 30,
      repeated: 30,
      failed: 0,
      pictures: 6,
      opened: 1,
    });
  });

  it('asks rows of the authors’ question files as they stand, the tool’s own without white space at the ends', async () => {
    const text = ' What is it? ';
    const rows = [
      { question_id: 1, image: '0.png', text },
      { image: '0.png', question: text },
    ];
    const { engine } = await runJob({
      input: writeRows(file('in.jsonl'), rows),
      output: file('out.jsonl'),
      pictures,
    });
    expect(engine.asked.map((asked) => asked.includes(text))).toEqual([true, false]);
  });

  it('gives a row the same answer alone as among others, whatever the windows', async () => {
    const input = writeRows(file('in.jsonl'), mixedRows(120, 20));
    const whole = await reference(input);
    for (const maxRows of [1, 7, 64]) {
      const limits = { ...WINDOW_LIMITS, maxRows, pauseMs: 1000 };
      expect(await reference(input, { request: { limits } })).toBe(whole);
    }
    const shuffled = await reference(input, { request: { unordered: true } });
    expect(shuffled).not.toBe(whole);
    expect(shuffled.split('\n').sort()).toEqual(whole.split('\n').sort());
  });

  it('asks an equal row of a later window no second time', async () => {
    const rows = Array.from({ length: 30 }, () => ({ image: '1.png', question: 'Same?' }));
    const limits = { ...WINDOW_LIMITS, maxRows: 4, pauseMs: 1000 };
    const input = writeRows(file('in.jsonl'), rows);
    const { engine } = await runJob({ input, output: file('out.jsonl'), pictures, request: { limits } });
    expect(engine.asked).toHaveLength(1);
  });

  it('asks later windows while a row takes long, up to its limit, and writes them after it', async () => {
    const rows = Array.from({ length: 60 }, (_, id) => ({
      id,
      image: `${id % 6}.png`,
      question: `row ${id}`,
    }));
    const input = writeRows(file('in.jsonl'), rows);
    for (const [maxOpenRows, asked] of [
      [1000, 60],
      [20, 20],
    ] as const) {
      const output = file('out.jsonl');
      const limits = { ...WINDOW_LIMITS, maxRows: 4, pauseMs: 20, maxOpenRows };
      let seen: number | undefined;
      const engine: PureEngine = new PureEngine({
        parallel: 4,
        before: async (request) => {
          if (!request.startsWith('row 0')) return;
          while (engine.asked.length < asked) await sleep(5);
          await sleep(100);
          seen = engine.asked.length;
          expect(readFileSync(output, 'utf8')).toBe('');
        },
      });
      const summary = await runJob({ input, output, pictures, engine, request: { limits } });
      expect(seen).toBe(asked);
      expect(summary).toMatchObject({ answered: 60, failed: 0, pictures: 6 });
      expect(engine.mostAtOnce).toBe(4);
      expect(readRows(output).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    }
  });

  it('draws anew for each row that samples without a seed, and once for those with one', async () => {
    const sampled = { image: '1.png', question: 'Same?', temperature: 1 };
    const input = writeRows(file('in.jsonl'), [
      sampled,
      sampled,
      { ...sampled, seed: 4 },
      { ...sampled, seed: 4 },
    ]);
    const { engine } = await runJob({ input, output: file('out.jsonl'), pictures });
    expect(engine.asked).toHaveLength(3);
  });

  it('makes a row of each failure and goes on', async () => {
    const input = writeRows(file('in.jsonl'), [
      '{"id": "a", "image": ',
      { id: 'b', image: 'missing.png', question: 'Q' },
      { id: 'c', image: '1.png', question: 'fail: Q' },
      { id: 'd', image: '2.png', question: 'first' },
      { id: 'e', image: '2.png', question: 'fail: Q' },
      { id: 'f', image: '3.png', question: 'fine', temperature: 3 },
      { id: 'g', image: '3.png', question: 'fine' },
    ]);
    const output = file('out.jsonl');
    const { errors, failed, answered } = await runJob({ input, output, pictures });
    const rows = readRows(output);
    const codes = rows.map(({ id, error }) => [id, (error as { code: string } | undefined)?.code]);
    expect(codes).toEqual([
      ['a', 'bad_json'],
      ['b', 'bad_picture'],
      ['c', 'engine_failed'],
      ['d', undefined],
      ['e', 'engine_failed'],
      ['f', 'bad_row'],
      ['g', undefined],
    ]);
    expect(rows.map(({ error }) => (error as { line: number } | undefined)?.line)).toEqual([
      1,
      2,
      3,
      undefined,
      5,
      6,
      undefined,
    ]);
    expect({ failed, answered, errors }).toEqual({
      failed: 5,
      answered: 2,
      errors: { bad_json: 1, bad_picture: 1, engine_failed: 2, bad_row: 1 },
    });
  });

  it('tells a picture damaged behind its header as a row', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    const noisy = sharp({ create: { width: 60, height: 60, channels: 3, background: 'red', noise } });
    const bytes = await noisy.png().toBuffer();
    writeFileSync(join(imageFolder, 'cut.png'), bytes.subarray(0, bytes.length / 2));
    const input = writeRows(file('in.jsonl'), [{ image: 'cut.png', question: 'Q' }]);
    const output = file('out.jsonl');
    const { opened } = await runJob({ input, output, pictures });
    expect(readRows(output)[0]).toMatchObject({ error: { code: 'bad_picture', line: 1 } });
    expect(opened).toBe(0);
  });

  it('stops after too many errors, and keeps what it has', async () => {
    const rows = mixedRows(200, 20);
    const input = writeRows(file('in.jsonl'), rows);
    const output = file('out.jsonl');
    const limits = { ...WINDOW_LIMITS, maxRows: 10, pauseMs: 1000 };
    const summary = await runJob({ input, output, pictures, request: { maxErrors: 3, limits } });
    expect(summary).toMatchObject({ failed: 4, stopped: 'too-many-errors' });
    expect(readRows(output).length).toBeLessThan(100);
    await runJob({ input, output, pictures, existing: 'resume' });
    expect(readFileSync(output, 'utf8')).toBe(await reference(input));
  });

  it('ends the run, with its answers kept, when the engine has a defect or cannot be opened', async () => {
    const input = writeRows(file('in.jsonl'), [
      { image: '1.png', question: 'Q' },
      { image: '2.png', question: 'defect: Q' },
    ]);
    const output = file('out.jsonl');
    const engine = new PureEngine({ parallel: 1 });
    await expect(runJob({ input, output, pictures, engine })).rejects.toThrow('This is a defect.');
    expect(readRows(output)).toHaveLength(1);
  });

  it('answers what a slow pipe has brought, while the pipe is still open', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const running = runJob({ input, output, pictures });
    input.write(`${JSON.stringify({ id: 1, image: '1.png', question: 'Q' })}\n`);
    const first = await new Promise<Buffer>((resolve) => output.once('data', resolve));
    expect(JSON.parse(first.toString())).toMatchObject({ id: 1 });
    input.end();
    expect(await running).toMatchObject({ rows: 1 });
  });

  it('stops at once when interrupted, even while it waits for input', async () => {
    const row = Buffer.from(`${JSON.stringify({ id: 1, image: '1.png', question: 'Q' })}\n`);
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield row;
      await new Promise(() => undefined);
    }
    const pipe = new PassThrough();
    pipe.write(row);
    for (const input of [pipe, silent()]) {
      const stop = new AbortController();
      const onProgress = () => {
        stop.abort();
      };
      const output = file('out.jsonl');
      const running = runJob({ input, output, pictures, signal: stop.signal, onProgress });
      expect(await running).toMatchObject({ stopped: 'interrupted' });
    }
    expect(pipe.destroyed).toBe(true);
  });
});
