import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDemoRows } from '../batch/demo-rows.js';
import { LLAVA, projectFile, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { requireSlurm, SlurmCluster } from './slurm-cluster.js';

requireSlurm();

/** Tasks of the array that are disturbed, each once. */
const KILLED = 2;
const REQUEUED = 4;
const LIMITED = 6;
const DISTURBED = [KILLED, REQUEUED, LIMITED];

const folder = temporaryFolder();
const work = join(folder, 'work');
const bin = join(folder, 'bin');
for (const path of [work, bin]) mkdirSync(path);
const { imageFolder, rows } = await writeDemoRows(work, 60, 5);
renameSync(imageFolder, join(work, 'pictures'));
const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
writeFileSync(join(work, 'questions.jsonl'), lines.join(''));
writeLlava();

const script = projectFile('examples/scale/slurm-array.sh');
const environment = { ...TEST_ENVIRONMENT, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
// A minute is the shortest limit that Slurm knows.
const limits = ['--time=1', '--signal=USR1@30'];

let cluster: SlurmCluster;
beforeAll(async () => {
  cluster = await SlurmCluster.start(join(folder, 'slurm'), environment);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('a Slurm array', { timeout: 400_000 }, () => {
  it('with a task killed, one requeued and one at its time limit ends as one machine would', async () => {
    const whole = runLlava(['batch', 'questions.jsonl', '--image-folder', 'pictures'], { cwd: work });
    const job = await cluster.submit([...limits, script], work);
    await cluster.until(() => DISTURBED.every((task) => linesOf(outputOf(task)) > 0));
    process.kill(Number(readFileSync(join(bin, `pid-${KILLED}`), 'utf8')), 'SIGKILL');
    await cluster.run('scontrol', 'requeue', `${job}_${REQUEUED}`);
    const tasks = await cluster.finish(job);
    for (const [task, { state, exitCode, restarts }] of tasks)
      expect({ task, state, exitCode, isRestarted: restarts > 0 }).toEqual({
        task,
        state: task === KILLED ? 'FAILED' : 'COMPLETED',
        exitCode: task === KILLED ? '137:0' : '0:0',
        // A slow machine may meet its time limit more than once.
        isRestarted: task === REQUEUED || task === LIMITED,
      });
    expect(tasks.size).toBe(8);
    for (const task of [REQUEUED, LIMITED]) {
      expect(logOf(task)).toMatch(/interrupted\n[^]*Exited with exit code 75\n/);
      expect(logOf(task)).toMatch(/[1-9]\d* resumed; \d+ pictures\n$/);
    }
    expect((await merge()).stderr).toMatch(/"answers\.3-of-8\.jsonl" ends before line \d+ of the input/);

    const again = await cluster.submit([...limits, `--array=${KILLED}`, script], work);
    expect((await cluster.finish(again)).get(KILLED)).toMatchObject({ state: 'COMPLETED' });
    expect(logOf(KILLED)).toMatch(/[1-9]\d* resumed; \d+ pictures\n$/);
    expect(await merge()).toEqual({ exitCode: 0, stdout: (await whole).stdout, stderr: '' });
  });

  it.each([
    ['1-7:2', /^shard [1-4] of 4, by Slurm$/m, 'COMPLETED'],
    ['1,3,5', /Slurm’s 3 tasks from 1 to 5 are not numbered in even steps/, 'FAILED'],
    ['5', /Slurm’s one task may be a part of a larger array/, 'FAILED'],
  ])('numbered %s says which part a task is, or that it cannot be told', async (ids, says, state) => {
    const wrap = 'llava batch questions.jsonl --image-folder pictures --shard auto --dry-run';
    const name = `${ids.replace(/\D/g, '')}-%a.log`;
    const job = await cluster.submit([`--array=${ids}`, `--output=${name}`, `--wrap=${wrap}`], work);
    for (const [task, found] of await cluster.finish(job)) {
      expect(readFileSync(join(work, name.replace('%a', String(task))), 'utf8')).toMatch(says);
      expect(found.state).toBe(state);
    }
  });
});

/**
 * The `llava` that jobs run. In their first life, disturbed tasks get half of the rows and then nothing more, so that
 * they are in the middle of their work when the disturbance comes.
 */
function writeLlava(): void {
  writeFileSync(join(bin, 'half.jsonl'), lines.slice(0, lines.length / 2).join(''));
  const command = `#!/bin/bash
own_file() { echo "${bin}/$1-$SLURM_ARRAY_TASK_ID"; }
echo $$ > "$(own_file pid)"
if [[ " ${DISTURBED.join(' ')} " == *" $SLURM_ARRAY_TASK_ID "* && ! -e "$(own_file pipe)" ]]; then
  mkfifo "$(own_file pipe)"
  exec 3<>"$(own_file pipe)"
  cat "${bin}/half.jsonl" >&3
  exec "${process.execPath}" "${LLAVA}" "\${@/#questions.jsonl/-}" <&3
fi
exec "${process.execPath}" "${LLAVA}" "$@"
`;
  writeFileSync(join(bin, 'llava'), command);
  chmodSync(join(bin, 'llava'), 0o755);
}

function outputOf(task: number): string {
  return join(work, `answers.${task + 1}-of-8.jsonl`);
}

function logOf(task: number): string {
  return readFileSync(join(work, `llava-${task}.log`), 'utf8');
}

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

async function merge() {
  return await runLlava(['batch', 'merge', 'questions.jsonl', 'answers.*-of-8.jsonl'], { cwd: work });
}
