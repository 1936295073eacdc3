import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Shard } from '../rows/read-rows.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of the work that a scheduler gave to this process. */
export interface ScheduledShard extends Shard {
  /** Who said so: `Slurm`, `Kubernetes`, … */
  readonly scheduler: string;
}

/**
 * The shard that the scheduler's variables tell: of a Slurm array, a Kubernetes Indexed Job, SkyPilot or torchrun.
 * @param shards how many there are in all, where the scheduler does not say or runs only some of them
 * @throws ExpectedError('usage') when there is no scheduler, the number of shards is not known, the tasks are not
 * numbered in even steps, or two schedulers say different things
 */
export function scheduledShard(environment: Environment, shards: number | undefined): ScheduledShard {
  const found = [slurmArray, kubernetesJob, skyPilot, torchrun].flatMap(
    (ask) => ask(environment, shards) ?? [],
  );
  const [first, ...others] = found;
  if (first === undefined)
    throw new ExpectedError(
      'usage',
      '--shard auto finds no variables of Slurm, Kubernetes, SkyPilot or torchrun.',
      {
        hint: 'Say which part this is: --shard 2/8',
      },
    );
  const other = others.find(({ index, count }) => index !== first.index || count !== first.count);
  if (other !== undefined)
    throw new ExpectedError('usage', `${describe(first)}, but ${describe(other)}.`, {
      hint: 'Say which part this is, such as --shard 2/8, or unset the variables of one of them',
    });
  return first;
}

/**
 * Tasks of an array have any ids. Without `shards` they must be the whole array, or a task that is run again would
 * take itself for all there is; with it, ids count from 0, whichever of them are run.
 */
function slurmArray(environment: Environment, shards: number | undefined): ScheduledShard | undefined {
  const id = numberIn(environment, 'SLURM_ARRAY_TASK_ID');
  if (id === undefined) return undefined;
  const min = numberIn(environment, 'SLURM_ARRAY_TASK_MIN');
  const max = numberIn(environment, 'SLURM_ARRAY_TASK_MAX');
  if (shards !== undefined) return placed('Slurm', Math.max(id, max ?? id), id, shards);
  const count = numberIn(environment, 'SLURM_ARRAY_TASK_COUNT');
  if (count === undefined || min === undefined || max === undefined)
    throw unknownCount('Slurm', `array task ${id}`, 'SLURM_ARRAY_TASK_COUNT, _MIN and _MAX are not all set');
  const step = numberIn(environment, 'SLURM_ARRAY_TASK_STEP') ?? 1;
  const index = (id - min) / step;
  if (!Number.isInteger(index) || max - min !== step * (count - 1))
    throw irregular(`${count} tasks from ${min} to ${max} are not numbered in even steps`);
  if (min > step || count === 1)
    throw irregular(`${count === 1 ? 'one task' : `tasks from ${min} on`} may be a part of a larger array`);
  return { scheduler: 'Slurm', index: index + 1, count };
}

function kubernetesJob(environment: Environment, shards: number | undefined): ScheduledShard | undefined {
  const index = numberIn(environment, 'JOB_COMPLETION_INDEX');
  if (index === undefined) return undefined;
  if (shards !== undefined) return placed('Kubernetes', index, index, shards);
  throw unknownCount(
    'Kubernetes',
    `completion index ${index}`,
    'a pod is not told the number of completions',
  );
}

/** Jobs of a pool, nodes of a job, or both; a job on one node says nothing of parts. */
function skyPilot(environment: Environment, shards: number | undefined): ScheduledShard | undefined {
  const job = numberIn(environment, 'SKYPILOT_JOB_RANK');
  const nodes = numberIn(environment, 'SKYPILOT_NUM_NODES') ?? 1;
  if (job === undefined && nodes === 1) return undefined;
  const jobs = job === undefined ? 1 : numberIn(environment, 'SKYPILOT_NUM_JOBS');
  const rank = (job ?? 0) * nodes + (numberIn(environment, 'SKYPILOT_NODE_RANK') ?? 0);
  return ranked('SkyPilot', rank, jobs === undefined ? undefined : jobs * nodes, 'SKYPILOT_NUM_JOBS', shards);
}

function torchrun(environment: Environment, shards: number | undefined): ScheduledShard | undefined {
  const rank = numberIn(environment, 'RANK');
  if (rank === undefined) return undefined;
  return ranked('torchrun', rank, numberIn(environment, 'WORLD_SIZE'), 'WORLD_SIZE', shards);
}

/** A rank of a number that the scheduler knows. */
function ranked(
  scheduler: string,
  rank: number,
  count: number | undefined,
  countName: string,
  shards: number | undefined,
): ScheduledShard {
  if (count === undefined && shards === undefined)
    throw unknownCount(scheduler, `rank ${rank}`, `${countName} is not set`);
  if (count !== undefined && shards !== undefined && count !== shards)
    throw new ExpectedError('usage', `${scheduler} runs ${count} parts, but --shards is ${shards}.`, {
      hint: 'Leave --shards out, or start as many',
    });
  return placed(scheduler, rank, rank, count ?? shards ?? 0);
}

/** @param highest the highest number that any task has, so that all of them fail, and not only the last */
function placed(scheduler: string, highest: number, index: number, count: number): ScheduledShard {
  if (highest < count) return { scheduler, index: index + 1, count };
  throw new ExpectedError(
    'usage',
    `${scheduler} has a task ${highest}, but ${count} parts are counted from 0 to ${count - 1}.`,
    { hint: 'Number the tasks from 0, or name as many --shards as there are' },
  );
}

function numberIn(environment: Environment, name: string): number | undefined {
  const value = environment[name];
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new ExpectedError('usage', `${name} is ${quote(value)}, which is not a number of a task.`, {
    hint: 'Say which part this is: --shard 2/8',
  });
}

function unknownCount(scheduler: string, task: string, why: string): ExpectedError {
  return new ExpectedError('usage', `${scheduler}’s ${task} is one of an unknown number: ${why}.`, {
    hint: 'Add the number of all parts: --shard auto --shards 8',
  });
}

function irregular(problem: string): ExpectedError {
  return new ExpectedError('usage', `Slurm’s ${problem}.`, {
    hint: 'Number all tasks from 0 and say how many there are: --array=0-7 and --shard auto --shards 8',
  });
}

function describe({ scheduler, index, count }: ScheduledShard): string {
  return `${scheduler} says part ${index} of ${count}`;
}
