import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { planFit, type FitPlan } from '../../src/weights/memory/fit-plan.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { CUDA_BYTES } from '../../src/weights/memory/memory-parts.js';
import { measurePair } from '../../src/weights/memory/weight-sizes.js';
import type { RandomType } from '../write-random-weights.js';
import { onDevice, pairFiles, pairFlags, writeRows, writeWeights } from './inputs.js';
import type { Finding, Kit, Step } from './kit.js';

/* Does the plan tell what the device really takes, and what happens when it has not got it? */

const CASES = (['Q4_0', 'F16'] as const).flatMap((type) =>
  [2048, 4096].flatMap((context) => [1, 8].map((sequences) => ({ type, context, sequences }))),
);
const MOST_OFF = 0.1;
/** Where memory is given to something else, so much more than the plan says is left, its driver's part included. */
const LEFT_MIB = [-512, -256, -128, 0, 256];

export const MEMORY: readonly Step[] = [
  { name: 'too large a context', needs: 'nvidia', seconds: 30, run: refuseTooLarge },
  { name: 'out of memory while loading', needs: 'nvidia', seconds: 30, run: runOutWhileLoading },
  { name: 'memory Q4_0', needs: 'nvidia', seconds: 40, run: (kit) => compareMemory(kit, 'Q4_0') },
  { name: 'out of memory while computing', needs: 'nvidia', seconds: 50, run: runOutWhileComputing },
  { name: 'memory F16', needs: 'nvidia', seconds: 80, run: compareF16 },
];

/** More than any card has: refused by the plan, in words. */
async function refuseTooLarge(kit: Kit): Promise<Finding> {
  const question = 'What is in the picture?';
  const rows = writeRows(kit, 'one', [{ id: 0, image: kit.picture, question }]);
  const { code, signal, stderr } = await kit.llava(
    ...['batch', rows, '--parallel', '64', '--context', '4096', ...onDevice(kit), ...pairFlags(kit)],
  );
  const isRight = code !== 0 && signal === undefined && stderr.includes('--gpu-layers all needs');
  return { say: stderr.trim().split('\n').slice(-2).join(' / '), isRight };
}

interface Held {
  readonly before: number;
  readonly opened: number;
  readonly used: number;
  readonly encodeMs: number;
  readonly nextEncodeMs: number;
  readonly accounted: { readonly deviceBytes: number; readonly hostBytes: number };
}

type Holding = { readonly held: Held } | { readonly failure: string; readonly signal: string | undefined };

async function hold(kit: Kit, type: RandomType, { placement }: FitPlan): Promise<Holding> {
  const task = {
    ...pairFiles(kit, type),
    device: kit.device,
    picture: kit.picture,
    question: 'What is in the picture?',
    ...placement,
  };
  const { code, signal, stdout, stderr } = await kit.run(process.execPath, [
    kit.path('app/bench/hold-engine.js'),
    JSON.stringify(task),
  ]);
  if (code === 0) return { held: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Held };
  const failure =
    /OutOfMemory [^\n]*|CUDA error[^\n]*|\w*Error: [^\n]*/.exec(stderr)?.[0] ?? stderr.slice(-200);
  return { failure, signal };
}

async function planOf(kit: Kit, type: RandomType, contextSize: number, sequences: number): Promise<FitPlan> {
  const { model, mmproj } = pairFiles(kit, type);
  return planFit(measurePair(await readGgufHeader(model), await readGgufHeader(mmproj)), {
    contextSize,
    sequences,
    kvType: 'f16',
    gpuLayers: 'all',
    device: { totalBytes: Infinity, freeBytes: Infinity, isShared: false, driverBytes: CUDA_BYTES },
    host: { freeBytes: Infinity, repacked: new Set() },
  });
}

async function compareMemory(kit: Kit, type: RandomType): Promise<Finding> {
  const data = [];
  for (const { context, sequences } of CASES.filter((one) => one.type === type)) {
    const plan = await planOf(kit, type, context, sequences);
    const holding = await hold(kit, type, plan);
    if (!('held' in holding)) return { say: `${context} × ${sequences}: ${holding.failure}`, isRight: false };
    const { held } = holding;
    const measured = held.used - held.before;
    data.push({ context, sequences, planned: plan.deviceBytes, parts: plan.device, measured, ...held });
  }
  const off = data.map(({ planned, measured }) => planned / measured - 1);
  const say = data
    .map(
      ({ context, sequences, planned, measured }) =>
        `${context}×${sequences} ${(planned / 2 ** 20).toFixed(0)}/${(measured / 2 ** 20).toFixed(0)}`,
    )
    .join(', ');
  return {
    say: `planned/measured MiB: ${say}`,
    isRight: off.every((share) => Math.abs(share) <= MOST_OFF),
    data,
  };
}

async function compareF16(kit: Kit): Promise<Finding> {
  writeWeights(kit, 'F16');
  return await compareMemory(kit, 'F16');
}

/** What no plan allowed: the device itself must refuse, and the process live. */
async function runOutWhileLoading(kit: Kit): Promise<Finding> {
  const holding = await hold(kit, 'Q4_0', await planOf(kit, 'Q4_0', 4096, 60));
  if ('held' in holding) return { say: '120 GB of KV cache were had', isRight: false };
  const { failure, signal } = holding;
  return { say: signal ?? failure, isRight: signal === undefined && failure.includes('memory') };
}

/** Something else takes the card's memory until little more is left than the plan says. */
async function runOutWhileComputing(kit: Kit): Promise<Finding> {
  const plan = await planOf(kit, 'Q4_0', 2048, 1);
  const data: Record<string, string> = {};
  let isRight = true;
  for (const mebibytes of LEFT_MIB) {
    await using hog = await takeMemory(plan.deviceBytes + mebibytes * 2 ** 20);
    const holding = await hold(kit, 'Q4_0', plan);
    const ended = 'held' in holding ? 'answered' : (holding.signal ?? holding.failure);
    data[`${hog.leftMib} MiB free, plan ${mebibytes < 0 ? '' : '+'}${mebibytes}`] = ended;
    isRight &&= 'held' in holding || holding.signal === undefined;
  }
  return { say: JSON.stringify(data), isRight, data };
}

const HOG = `
import ctypes, sys
cuda = ctypes.CDLL("libcudart.so.13")
free, total, pointer = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_void_p()
cuda.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
wanted = max(0, free.value - int(sys.argv[1]))
assert cuda.cudaMalloc(ctypes.byref(pointer), ctypes.c_size_t(wanted)) == 0
cuda.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
print(free.value >> 20, flush=True)
sys.stdin.read()
`;

async function takeMemory(leaveBytes: number): Promise<AsyncDisposable & { readonly leftMib: number }> {
  const child = spawn('python3', ['-c', HOG, String(Math.round(leaveBytes))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    leftMib: Number(line.toString()),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
