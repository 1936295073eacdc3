/*
 * What bench/gpu/run starts in the unpacked kit: goes through the steps, writes what they find into the output folder after each, and
 * prints a table last. A step that fails does not end the others; one that has not the time left is skipped by name.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEVICE_KINDS, type DeviceKind } from '../../src/engine/devices/device-kind.js';
import { formatTable } from '../../src/terminal/table.js';
import { Kit, type Finding, type Step } from './kit.js';
import { CORRECTNESS } from './steps-correct.js';
import { MEMORY } from './steps-memory.js';
import { SPEED } from './steps-speed.js';

/** Kept for writing the table and ending what runs. */
const RESERVE_SECONDS = 5;

/** Correctness first; 14 GB of F16 weights last. */
const STEPS: readonly Step[] = [
  ...CORRECTNESS,
  ...MEMORY.filter(({ name }) => name !== 'memory F16'),
  ...SPEED,
  ...MEMORY.filter(({ name }) => name === 'memory F16'),
];

interface Result extends Finding {
  readonly name: string;
  readonly outcome: 'right' | 'WRONG' | 'done' | 'FAILED' | 'skipped';
  readonly seconds?: number;
}

const { values } = parseArgs({
  options: {
    work: { type: 'string' },
    output: { type: 'string' },
    started: { type: 'string' },
    device: { type: 'string' },
    seconds: { type: 'string', default: '460' },
    only: { type: 'string' },
  },
});
const { work, output } = values;
if (work === undefined || output === undefined) throw new Error('Started by bench/gpu/run.');
const started = values.started === undefined ? Date.now() : Number(values.started) * 1000;
const left = () => Number(values.seconds) - RESERVE_SECONDS - (Date.now() - started) / 1000;

const machine = describeMachine();
const device = chooseDevice();
if (device === 'vulkan')
  Object.assign(process.env, {
    GGML_VK_VISIBLE_DEVICES: '0',
    LP_NATIVE_VECTOR_WIDTH: '128',
  });
const deadline = AbortSignal.timeout(Math.max(1, Math.round(left() * 1000)));
const kit = new Kit(work, output, device, deadline);
/** The step whose files all later ones use. */
const WRITES_WEIGHTS = 'weights Q4_0';
const results: Result[] = [];
process.stdout.write(`${JSON.stringify(machine)}\n`);
for (const step of STEPS.filter(({ name }) => values.only?.split(',').includes(name) ?? true)) {
  const result = await tryStep(step);
  results.push(result);
  process.stdout.write(
    `${result.name}: ${result.outcome}, ${result.seconds?.toFixed(1) ?? '0'} s; ${result.say}\n`,
  );
  writeFileSync(join(output, 'results.json'), JSON.stringify({ device, machine, results }, undefined, 1));
}
const table = formatTable(results.map(({ name, outcome, say }) => [name, outcome, say]));
writeFileSync(join(output, 'table.txt'), table);
process.stdout.write(`\n${device}\n${table}`);
process.exitCode = results.some(({ outcome }) => outcome === 'WRONG' || outcome === 'FAILED') ? 1 : 0;

async function tryStep(step: Step): Promise<Result> {
  const { name, needs, seconds } = step;
  const skip = (say: string): Result => ({ name, outcome: 'skipped', say });
  if (needs === 'nvidia' && device !== 'cuda') return skip('needs an NVIDIA GPU');
  if (needs === 'gpu' && device === 'cpu') return skip('needs a GPU');
  if (results.some(({ name: ran, outcome }) => ran === WRITES_WEIGHTS && outcome === 'skipped'))
    return skip('no weights were written');
  if (left() < (kit.isReal ? seconds / 2 : seconds / 4)) return skip(`${left().toFixed(0)} s are left`);
  const start = performance.now();
  const took = () => (performance.now() - start) / 1000;
  try {
    const finding = await step.run(kit);
    const outcome = finding.isRight === undefined ? 'done' : finding.isRight ? 'right' : 'WRONG';
    return { name, outcome, ...finding, seconds: took() };
  } catch (error) {
    if (deadline.aborted) return { name, outcome: 'skipped', say: 'the time was over', seconds: took() };
    return { name, outcome: 'FAILED', say: String(error).slice(0, 500), seconds: took() };
  }
}

function describeMachine(): Record<string, string> {
  return {
    gpu: ask('nvidia-smi', [
      '--query-gpu=name,driver_version,memory.total,compute_cap',
      '--format=csv,noheader',
    ]),
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? ''}`,
    nvcc: /release [^\n]*/.exec(ask('nvcc', ['--version']))?.[0] ?? '',
    libraries: process.env['LD_LIBRARY_PATH'] ?? '',
    node: process.version,
    kernel: ask('uname', ['-r']),
  };
}

function ask(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

function chooseDevice(): DeviceKind {
  const asked = DEVICE_KINDS.find((kind) => kind === values.device);
  if (values.device !== undefined && asked === undefined)
    throw new Error(`There is no device "${values.device}": ${DEVICE_KINDS.join(', ')}.`);
  return asked ?? (machine['gpu'] === '' ? 'cpu' : 'cuda');
}
