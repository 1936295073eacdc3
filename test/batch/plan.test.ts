import { execa } from 'execa';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBatch, type BatchPlan } from '../../src/batch/check-batch.js';
import { mapInOrder } from '../../src/flow/map-in-order.js';
import { mergeShards } from '../../src/batch/shards/merge-shards.js';
import { OpenRows } from '../../src/batch/open-rows.js';
import { planWindows, WINDOW_LIMITS } from '../../src/batch/plan-windows.js';
import type { FailedRow } from '../../src/batch/rows/batch-row.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { mixedRows, readRows, writePictures, writeRows } from './batch-files.js';
import { runJob, SAMPLING } from './run-job.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';

const folder = temporaryFolder();
const pictures = { imageFolder: await writePictures(folder, 20), wishes: {} };
const defaults = { sampling: SAMPLING };
const idle = new AbortController().signal;

describe('checkBatch', () => {
  it('counts what a run would do', async () => {
    const row = { image: '1.png', question: 'How many?' };
    const input = writeRows(join(folder, 'plan.jsonl'), [
      row,
      row,
      { ...row, question: 'Why?' },
      { question_id: 1, image: '2.png', text: 'Which one?' },
      { custom_id: 'c', body: { messages: [] } },
      { image: 'none.png', question: 'Q' },
      'no JSON',
    ]);
    const failures: FailedRow[] = [];
    const request = {
      input: createReadStream(input),
      defaults,
      pictures,
      imageTokens: 576,
      systemText: VICUNA_V1.systemText,
    };
    const { tokens, ...plan } = await checkBatch(request, idle, (failure) => failures.push(failure));
    expect(plan).toEqual({
      rows: 7,
      shapes: { own: 4, llava: 1, openai: 1 },
      pictures: 4,
      distinctPictures: 2,
      duplicates: 1,
      errors: { unsupported: 1, bad_picture: 1, bad_json: 1 },
    });
    // 154 characters of system text; questions of 9, 4 and 10 characters.
    expect(tokens).toEqual({
      pictures: 2 * (39 + 576),
      questions: 3 + 1 + 3,
      unshared: 4 * (39 + 576) + 3 + 3 + 1 + 3,
    });
    expect(failures.map(({ line }) => line)).toEqual([5, 6, 7]);
  });

  it('holds little of 200,000 rows', { timeout: 120_000 }, async () => {
    const row = (id: number) => ({
      id,
      image: `${id % 20}.png`,
      question: `Question ${id}?`,
      note: 'x'.repeat(200),
    });
    const input = writeRows(
      join(folder, 'many.jsonl'),
      Array.from({ length: 200_000 }, (_, id) => row(id)),
    );
    const script = projectFile('test/batch/check-child.ts');
    const node = ['--max-old-space-size=40', '--import', 'tsx', script, input, pictures.imageFolder];
    const { stdout } = await execa(process.execPath, node, { cwd: projectFile('.') });
    const { plan, maxRss } = JSON.parse(stdout) as { plan: BatchPlan; maxRss: number };
    expect(plan).toMatchObject({ rows: 200_000, distinctPictures: 20, duplicates: 0 });
    expect(maxRss / 1024).toBeLessThan(300);
  });
});

describe('planWindows', () => {
  const failed = (bytes: number): FailedRow => ({
    shape: 'own',
    line: 1,
    bytes,
    fields: {},
    error: { code: 'bad_row', message: '' },
  });
  async function* rows(sizes: readonly number[], pauseAt = -1): AsyncGenerator<FailedRow> {
    for (const [place, size] of sizes.entries()) {
      if (place === pauseAt) await new Promise((resolve) => setTimeout(resolve, 300));
      yield await Promise.resolve(failed(size));
    }
  }
  const plan = async (source: AsyncIterable<FailedRow>, limits: object) => {
    const windows: number[][] = [];
    const admitted = new OpenRows(WINDOW_LIMITS).admit(source, idle);
    const all = { ...WINDOW_LIMITS, maxRows: 3, maxBytes: 100, pauseMs: 5000, ...limits };
    for await (const window of planWindows(admitted, all)) windows.push(window.map(({ index }) => index));
    return windows;
  };

  it('bounds rows and bytes, but lets one large row in', async () => {
    expect(await plan(rows([1, 1, 1, 1]), {})).toEqual([[0, 1, 2], [3]]);
    expect(await plan(rows([60, 60, 1, 500, 1]), {})).toEqual([[0, 1], [2, 3], [4]]);
    expect(await plan(rows([]), {})).toEqual([]);
  });

  it('is closed by a pause', async () => {
    expect(await plan(rows([1, 1, 1], 1), { pauseMs: 50 })).toEqual([[0], [1, 2]]);
  });

  it('keeps memory flat over many rows', async () => {
    async function* many(): AsyncGenerator<FailedRow> {
      for (let i = 0; i < 200_000; i++)
        yield await Promise.resolve({ ...failed(300), fields: { text: `${i}`.repeat(50) } });
    }
    const before = process.memoryUsage().rss;
    let count = 0;
    const open = new OpenRows(WINDOW_LIMITS);
    for await (const window of planWindows(open.admit(many(), idle)))
      for (const { index } of window) {
        open.close(index);
        count++;
      }
    expect(count).toBe(200_000);
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(80);
  });
});

describe('mapInOrder', () => {
  it('keeps the order, and no more under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 50; i++) yield await Promise.resolve(i);
    }
    const slow = async (i: number) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5));
      underWay--;
      return i;
    };
    const results: number[] = [];
    for await (const result of mapInOrder(numbers(), 4, slow)) results.push(result);
    expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(most).toBe(4);
  });

  it('passes a failure on in its turn', async () => {
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 5; i++) yield await Promise.resolve(i);
    }
    const fail = (i: number) => (i === 2 ? Promise.reject(new Error('two')) : Promise.resolve(i));
    const results: number[] = [];
    const all = (async () => {
      for await (const result of mapInOrder(numbers(), 3, fail)) results.push(result);
    })();
    await expect(all).rejects.toThrow('two');
    expect(results).toEqual([0, 1]);
  });
});

describe('shards', () => {
  const input = writeRows(join(folder, 'shards.jsonl'), mixedRows(200, 20));
  const merge = async (parts: readonly string[], from = input) => {
    let text = '';
    for await (const line of mergeShards(createReadStream(from), parts, defaults)) text += line;
    return text;
  };
  const answer = async (count: number, name: string, request: object = {}) => {
    const parts = Array.from({ length: count }, (_, i) => join(folder, `${name}-${i + 1}.jsonl`));
    const runs = [];
    for (const [i, output] of parts.entries())
      runs.push(
        await runJob({ input, output, pictures, request: { shard: { index: i + 1, count }, ...request } }),
      );
    return { parts, runs };
  };

  it('merge into what one run writes; no picture is in two of them', async () => {
    const whole = join(folder, 'whole.jsonl');
    await runJob({ input, output: whole, pictures });
    const { parts, runs } = await answer(3, 'part');
    expect(parts.map((path) => readRows(path).length).every((rows) => rows > 20)).toBe(true);
    expect(await merge(parts)).toBe(readFileSync(whole, 'utf8'));
    const shown = runs.flatMap(({ engine }) => [...new Set(engine.shown)]);
    expect(new Set(shown).size).toBe(shown.length);
  });

  it('are refused in another order, when one is unfinished, and with another input', async () => {
    const { parts } = await answer(2, 'other');
    const [one, two] = parts as [string, string];
    await expect(merge([two, one])).rejects.toThrow(/does not have line|ends before/);
    await expect(merge([one, join(folder, 'none.jsonl')])).rejects.toThrow('cannot be read');
    await expect(merge(parts, writeRows(join(folder, 'few.jsonl'), mixedRows(150, 20)))).rejects.toThrow(
      'has more rows',
    );
    writeFileSync(two, readFileSync(two, 'utf8').split('\n').slice(0, 20).join('\n'));
    await expect(merge(parts)).rejects.toThrow(/ends before line \d+ of the input/);
  });
});
