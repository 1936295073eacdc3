/** `run-child.ts <setup as JSON>`: one batch in a process of its own, to be killed or starved of disk. */
import { PureEngine } from './pure-engine.js';
import { runJob, type JobSetup } from './run-job.js';

interface ChildSetup extends JobSetup {
  readonly log: string;
  readonly delayMs?: number;
}

const setup = JSON.parse(process.argv[2]!) as ChildSetup;
process.stdout.write('ready\n');
try {
  const summary = await runJob({ ...setup, engine: new PureEngine(setup) });
  process.stdout.write(`${JSON.stringify({ ...summary, engine: undefined })}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
