import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeHub } from '../helpers/fake-hub.js';
import type { FakeFile, Fault, SeenRequest } from '../helpers/hub-faults.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';
import { addFile, leftBeside, requestFor, settingsFor } from './fixture.js';
import { startChild } from './run-child.js';

/** Each is one process, killed or not, with several downloads at the same time. */
const BATCHES = 50;
const BATCH = 4;
const BATCHES_AT_ONCE = 7;
const CONNECTIONS = 4;
const KIB = 1024;
/** A killed process loses at most the pieces that its connections were at: half a MiB each for files this small. */
const PER_KILL = CONNECTIONS * 512 * KIB;

const seed = Number(process.env['LLAVA_TEST_SEED'] ?? Date.now() % 1_000_000);
const folder = temporaryFolder();
let hub: FakeHub;

beforeAll(async () => {
  hub = await FakeHub.start();
  hub.pauseMs = 1;
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

/** The process is killed when the server has sent so many bytes of its files. */
interface Batch {
  bytesToKill: number;
  kill: () => void;
}

/** What is to go wrong with one download. */
interface Plan {
  readonly random: Seeded;
  /** Every copy comes damaged: only an error is right. */
  readonly isHopeless: boolean;
  faultsLeft: number;
  faults: number;
  damaged: number;
  readonly batch: Batch;
}

const plans = new Map<string, Plan>();

function nextFault(plan: Plan): Fault | undefined {
  const { random } = plan;
  if (plan.faultsLeft === 0 || random.below(3) > 0) return undefined;
  plan.faultsLeft--;
  plan.faults++;
  const after = random.below(500 * KIB);
  const kinds: (() => Fault)[] = [
    () => ({ kind: 'cut', after }),
    () => ({ kind: 'cut', after: 0 }),
    () => ({ kind: 'whole' }),
    () => ({ kind: 'status', status: 416 }),
    () => ({ kind: 'status', status: 503 }),
    () => ({ kind: 'status', status: 429, headers: { ratelimit: '"resolvers";r=0;t=1' } }),
    () => ({ kind: 'status', status: 403 }),
    () => ({ kind: 'wrong-range', shift: 1 + random.below(1000) }),
    () => ({ kind: 'wrong-total', by: 1 }),
    () => ({ kind: 'wrong-length', by: random.below(2000) - 1000 }),
    () => ({ kind: 'stall', after }),
    () => ({ kind: 'drip', bytes: 16, everyMs: 20 }),
    () => ({ kind: 'wrong-bytes', at: after }),
  ];
  const fault = kinds[random.below(kinds.length)]!();
  // A second damaged copy in a row is an error, rightly.
  if (fault.kind !== 'wrong-bytes') return fault;
  if (plan.damaged > 0) return undefined;
  plan.damaged++;
  return fault;
}

function faultFor({ server, method, file }: SeenRequest): Fault | undefined {
  const plan = plans.get(file);
  if (plan === undefined) return undefined;
  if (server === 'hub') return plan.random.below(20) === 0 ? { kind: 'status', status: 503 } : undefined;
  if (method !== 'GET') return undefined;
  return plan.isHopeless ? { kind: 'wrong-bytes', at: 3 } : nextFault(plan);
}

function planDownload(batch: Batch, random: Seeded): { file: FakeFile; plan: Plan } {
  const file = addFile(hub, 2_000_000 + random.below(3_000_000));
  const isHopeless = random.below(20) === 0;
  const plan = { random, batch, isHopeless, faultsLeft: random.below(6), faults: 0, damaged: 0 };
  plans.set(file.path, plan);
  return { file, plan };
}

async function runBatch(index: number): Promise<void> {
  const random = new Seeded(seed * BATCHES + index);
  const batch: Batch = { bytesToKill: Infinity, kill: () => undefined };
  const downloads = Array.from({ length: BATCH }, () => planDownload(batch, random));
  const requests = downloads.map(({ file }) => requestFor(file, folder));
  const about = `batch ${index} of seed ${seed}`;
  const killsWanted = random.below(3);
  let output = '';
  let kills = 0;
  for (let isEnded = false; !isEnded;) {
    batch.bytesToKill = kills < killsWanted ? random.below(BATCH * 2_000_000) : Infinity;
    const { child, ended } = startChild(requests, settingsFor(hub, folder));
    batch.kill = () => child.kill('SIGKILL');
    const result = await ended;
    for (const { file } of downloads) checkTarget(file, about);
    isEnded = result.signal === null;
    if (!isEnded) kills++;
    output = result.output;
  }
  totals.kills += kills;
  for (const { file, plan } of downloads) checkEnd(file, plan, kills, output, about);
}

/** What is at the final path is right, at any time. */
function checkTarget(file: FakeFile, about: string): void {
  const { target } = requestFor(file, folder);
  if (!existsSync(target)) return;
  expect(readFileSync(target).equals(file.bytes), `${about}: wrong file at the final path`).toBe(true);
}

function checkEnd(file: FakeFile, plan: Plan, kills: number, output: string, about: string): void {
  const { target } = requestFor(file, folder);
  const size = file.bytes.length;
  expect(output, about).toContain(`${plan.isHopeless ? 'error' : 'done'}: ${file.path}`);
  expect(output, about).not.toContain('defect');
  expect(existsSync(target), about).toBe(!plan.isHopeless);
  if (!plan.isHopeless) expect(leftBeside(target), about).toEqual([]);
  // Bytes of broken answers may come in vain; those of sound ones are needed, each once.
  const sound = hub.requests
    .filter((seen) => seen.file === file.path && seen.fault === undefined)
    .reduce((sum, { sent }) => sum + sent, 0);
  const allowed = (1 + plan.damaged) * size + kills * PER_KILL;
  expect(sound, `${about}: ${kills} kills, ${plan.faults} faults`).toBeLessThanOrEqual(allowed);
  totals.faults += plan.faults;
  totals.hopeless += plan.isHopeless ? 1 : 0;
  totals.damaged += plan.damaged;
  totals.sent += hub.sentOf(file.path);
  totals.bytes += size;
  rmSync(target, { force: true });
}

const totals = { kills: 0, faults: 0, hopeless: 0, damaged: 0, sent: 0, bytes: 0 };

it(`ends ${BATCHES * BATCH} downloads with the right bytes or a clear error, whatever breaks (seed ${seed})`, async () => {
  hub.faults = faultFor;
  hub.onSent = ({ file }) => {
    const batch = plans.get(file)?.batch;
    if (batch === undefined) return;
    batch.bytesToKill -= 32 * KIB;
    if (batch.bytesToKill < 0) batch.kill();
  };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < BATCHES; index = next++) await runBatch(index);
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, work));
  expect(totals.kills).toBeGreaterThan(BATCHES / 2);
  expect(totals.faults).toBeGreaterThan(BATCHES * BATCH);
  if (process.env['LLAVA_TEST_SEED'] !== undefined) process.stderr.write(`${JSON.stringify(totals)}\n`);
}, 300_000);
