import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findParts } from '../../src/batch/shards/find-parts.js';
import { partName, shardOfName } from '../../src/batch/shards/part-name.js';
import { scheduledShard } from '../../src/batch/shards/scheduled-shard.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** The variables of one task of a Slurm array. */
const slurm = (id: number, min: number, max: number, count: number, step = 1) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_MAX: String(max),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_STEP: String(step),
});
const pod = (index: number) => ({ JOB_COMPLETION_INDEX: String(index) });
const job = (rank: number, jobs: number) => ({
  SKYPILOT_JOB_RANK: String(rank),
  SKYPILOT_NUM_JOBS: String(jobs),
});
const node = (rank: number, nodes: number) => ({
  SKYPILOT_NODE_RANK: String(rank),
  SKYPILOT_NUM_NODES: String(nodes),
});
const worker = (rank: number, size: number) => ({ RANK: String(rank), WORLD_SIZE: String(size) });

describe('the shard that a scheduler gives', () => {
  it.each([
    ['the first of --array=0-7', slurm(0, 0, 7, 8), undefined, '1/8 Slurm'],
    ['the last of --array=1-8', slurm(8, 1, 8, 8), undefined, '8/8 Slurm'],
    ['one of --array=1-7:2', slurm(5, 1, 7, 4, 2), undefined, '3/4 Slurm'],
    ['one of --array=10-80:10', slurm(20, 10, 80, 8, 10), undefined, '2/8 Slurm'],
    ['a task of eight that runs again alone', slurm(3, 3, 3, 1), 8, '4/8 Slurm'],
    ['two tasks of eight that run again', slurm(6, 1, 6, 2), 8, '7/8 Slurm'],
    ['an array of one that is the whole', slurm(0, 0, 0, 1), 1, '1/1 Slurm'],
    ['a pod', pod(0), 4, '1/4 Kubernetes'],
    ['the last pod', pod(3), 4, '4/4 Kubernetes'],
    ['a job of a pool', { ...job(2, 5), ...node(0, 1) }, undefined, '3/5 SkyPilot'],
    ['a job of a pool that does not tell its size', { SKYPILOT_JOB_RANK: '2' }, 5, '3/5 SkyPilot'],
    ['a node of a job', node(1, 4), undefined, '2/4 SkyPilot'],
    ['a node of a job of a pool', { ...job(1, 3), ...node(1, 2) }, undefined, '4/6 SkyPilot'],
    ['a process of torchrun', worker(1, 2), undefined, '2/2 torchrun'],
    ['torchrun on the one node of SkyPilot', { ...node(0, 1), ...worker(1, 2) }, undefined, '2/2 torchrun'],
    ['two who say the same', { ...pod(1), ...worker(1, 2) }, 2, '2/2 Kubernetes'],
  ])('%s', (_, environment, shards, expected) => {
    const { index, count, scheduler } = scheduledShard(environment, shards);
    expect(`${index}/${count} ${scheduler}`).toBe(expected);
  });

  it.each([
    ['no scheduler', {}, undefined, /finds no variables/],
    ['no scheduler, but a number', {}, 8, /finds no variables/],
    ['SkyPilot on one node', node(0, 1), undefined, /finds no variables/],
    ['an array that does not tell its size', { SLURM_ARRAY_TASK_ID: '3' }, undefined, /unknown number/],
    ['--array=1,2,5', slurm(5, 1, 5, 3), undefined, /3 tasks from 1 to 5 are not numbered in even steps/],
    ['--array=0,3', slurm(3, 0, 3, 2), undefined, /2 tasks from 0 to 3 are not/],
    ['an id between the steps', slurm(2, 1, 7, 4, 2), undefined, /not numbered in even steps/],
    [
      'a task that runs again alone',
      slurm(0, 0, 0, 1),
      undefined,
      /one task may be a part of a larger array/,
    ],
    ['the end of an array', slurm(4, 4, 7, 4), undefined, /tasks from 4 on may be a part/],
    ['more tasks than parts', slurm(1, 1, 8, 8), 8, /has a task 8, but 8 parts are counted from 0 to 7/],
    ['a pod without a number', pod(1), undefined, /unknown number: a pod is not told/],
    ['more pods than parts', pod(4), 4, /has a task 4, but 4 parts/],
    ['a pool without a number', { SKYPILOT_JOB_RANK: '2' }, undefined, /SKYPILOT_NUM_JOBS is not set/],
    ['a rank alone', { RANK: '0' }, undefined, /WORLD_SIZE is not set/],
    ['another number than the scheduler’s', worker(0, 4), 8, /torchrun runs 4 parts, but --shards is 8/],
    ['words', { ...worker(0, 4), RANK: 'zero' }, undefined, /RANK is "zero", which is not a number/],
    ['a negative rank', { ...worker(0, 4), RANK: '-1' }, undefined, /RANK is "-1"/],
    [
      'torchrun in every task of an array',
      { ...slurm(1, 0, 3, 4), ...worker(1, 2) },
      undefined,
      /Slurm says part 2 of 4, but torchrun says part 2 of 2/,
    ],
  ])('is refused: %s', (_, environment, shards, says) => {
    expect(() => scheduledShard(environment, shards)).toThrow(says);
  });
});

describe('names of parts', () => {
  it.each([
    ['out/answers.jsonl', 3, 8, 'out/answers.3-of-8.jsonl'],
    ['answers', 3, 12, 'answers.03-of-12'],
    ['a.b/answers', 1, 1, 'a.b/answers.1-of-1'],
  ])('%s, part %i of %i: %s', (path, index, count, expected) => {
    expect(partName(path, { index, count })).toBe(expected);
    expect(shardOfName(expected)).toEqual({ index, count });
  });

  it.each(['answers.jsonl', 'answers.9-of-8.jsonl', 'answers.0-of-8.jsonl', 'a.1-of-2.jsonl.journal'])(
    '%s tells no shard',
    (path) => {
      expect(shardOfName(path)).toBeUndefined();
    },
  );
});

describe('parts by a pattern', () => {
  const folder = temporaryFolder();
  const write = (name: string, ...files: string[]) => {
    const path = join(folder, name);
    mkdirSync(path);
    for (const file of files) writeFileSync(join(path, file), '');
    return (...patterns: string[]) => findParts(patterns.map((pattern) => join(path, pattern)));
  };
  const names = async (found: Promise<readonly string[]>) =>
    (await found).map((path) => path.split('/').at(-1));

  it('come in natural order', async () => {
    const find = write('natural', 'p10.jsonl', 'p9.jsonl', 'p1.jsonl', 'p1.jsonl.journal');
    expect(await names(find('p*.jsonl'))).toEqual(['p1.jsonl', 'p9.jsonl', 'p10.jsonl']);
    expect(await names(find('p9.jsonl', 'p1.jsonl'))).toEqual(['p9.jsonl', 'p1.jsonl']);
  });

  it('come in the order of their shards, however they are named', async () => {
    const find = write('shards', 'a.2-of-3.jsonl', 'a.1-of-3.jsonl', 'a.3-of-3.jsonl', 'a.1-of-2.jsonl');
    const ordered = ['a.1-of-3.jsonl', 'a.2-of-3.jsonl', 'a.3-of-3.jsonl'];
    expect(await names(find('a.*-of-3.jsonl'))).toEqual(ordered);
    expect(await names(find('a.3-of-3.jsonl', 'a.{1,2}-of-3.jsonl'))).toEqual(ordered);
    await expect(find('a.*.jsonl')).rejects.toThrow(/"\S+a.1-of-2.jsonl" is one of 2 parts, "\S+" one of 3/);
    await expect(find('a.*-of-3.jsonl', 'a.1-of-3.jsonl')).rejects.toThrow(/are the same part/);
  });

  it('are relative to the current folder', async () => {
    const find = relative(process.cwd(), join(folder, 'shards', 'a.?-of-3.jsonl'));
    expect(await names(findParts([find]))).toHaveLength(3);
  });

  it('that are missing are named', async () => {
    const find = write('missing', 'b.01-of-12.jsonl', 'b.11-of-12.jsonl');
    await expect(find('b.*')).rejects.toThrow(
      /^10 of 12 parts are missing: "\S+b\.02-of-12\.jsonl", "\S+b\.03-of-12\.jsonl", .*b\.06-of-12\.jsonl", …\.$/,
    );
    await expect(find('c.*')).rejects.toThrow(/^No file matches "\S+c\.\*"\.$/);
  });

  it('are files whose names have brackets, too', async () => {
    const find = write('brackets', 'a[1].jsonl', 'a1.jsonl');
    expect(await names(find('a[1].jsonl'))).toEqual(['a[1].jsonl']);
  });
});
