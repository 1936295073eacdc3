import { ExpectedError } from '../../llava/expected-error.js';
import type { ProbeAnswer, ProbeTask } from './probe-messages.js';
import { probeDevice } from './probe-device.js';
import { selfTest } from './self-test.js';

/* Runs in a process of its own, which a driver may end without harm to ours; see describe-devices.ts. */

process.once('message', (task: ProbeTask) => {
  void work(task).then((answer) =>
    process.send?.(answer, () => {
      process.disconnect();
    }),
  );
});

async function work({ kind, selfTest: task }: ProbeTask): Promise<ProbeAnswer> {
  if (task === undefined) return { type: 'report', report: await probeDevice(kind) };
  try {
    const result = await selfTest(task.files, task, { device: kind });
    return { type: 'self-test', outcome: { ok: true, result } };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const hint = error instanceof ExpectedError ? error.hint : undefined;
    return { type: 'self-test', outcome: { ok: false, problem, hint } };
  }
}
