import { describe, expect, it } from 'vitest';
import type { Benchmark, EvalRow } from '../../src/eval/benchmark.js';
import { mmbench } from '../../src/eval/benchmarks/mmbench.js';
import { pope } from '../../src/eval/benchmarks/pope.js';
import { sampleRows } from '../../src/eval/sample-rows.js';
import { dataFolder, jsonLines } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();

async function sample(benchmark: Benchmark, folder: string, limit: number): Promise<EvalRow[]> {
  const rows: EvalRow[] = [];
  for await (const row of sampleRows(benchmark, folder, limit)) rows.push(row);
  return rows;
}

describe('a sample', () => {
  const file = jsonLines(
    ...Array.from({ length: 300 }, (_, index) => ({
      question_id: index + 1,
      image: 'a.jpg',
      text: 'Is there a dog in the image?',
      label: index % 2 === 0 ? 'yes' : 'no',
    })),
  );
  const folder = dataFolder(parent, {
    'coco_pope_adversarial.json': file,
    'coco_pope_random.json': file,
    'coco_pope_popular.json': file,
  });

  it('is of all kinds, in order, the same each time, and part of a larger one', async () => {
    const rows = await sample(pope, folder, 90);
    const ids = rows.map(({ questionId }) => Number(questionId));
    expect(ids).toHaveLength(90);
    expect((await sample(pope, folder, 90)).map(({ questionId }) => questionId)).toEqual(ids);
    const larger = new Set((await sample(pope, folder, 200)).map(({ questionId }) => questionId));
    expect(ids.every((id) => larger.has(id))).toBe(true);
    expect(new Set(rows.map(({ category }) => category)).size).toBe(3);
    // Labels take turns: a sample of every tenth would have one alone.
    const yes = ids.filter((id) => id % 2 === 1).length;
    expect(yes).toBeGreaterThan(25);
    expect(yes).toBeLessThan(65);
    for (const name of ['adversarial', 'random', 'popular']) {
      const own = rows
        .filter(({ category }) => category === name)
        .map(({ questionId }) => Number(questionId));
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('keeps together what is scored together', async () => {
    const table = dataFolder(parent, {
      'mmbench_dev_20230712.tsv': `index\tquestion\tA\tB\tanswer\timage\n${[0, 1, 2, 3]
        .flatMap((id) => [id, id + 1_000_000])
        .map((index) => `${index}\tQ?\tx\ty\tA\tAA==\n`)
        .join('')}`,
    });
    const rows = await sample(mmbench, table, 3);
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(({ questionId }) => Number(questionId) % 1_000_000)).size).toBe(2);
  });
});
