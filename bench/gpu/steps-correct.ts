import { readFileSync } from 'node:fs';
import { demoRows, pairFlags, scenes, writeAdapter, writeRows, writeWeights } from './inputs.js';
import type { Finding, Kit, Step } from './kit.js';

/* Is what the GPU computes what the CPU computes? */

/** Features may differ by this much, relative: rounding of products to 16 bits stays below. */
const MOST_FEATURE_DIFFERENCE = 5e-3;
/** Natural logarithms of probabilities of a 7B-shaped model may differ by this much. */
const MOST_LOGARITHM_DIFFERENCE = 0.05;
const MOST_PROBABILITY_DIFFERENCE = 0.02;
const LABELS = ['red', 'blue', 'green', 'yellow', 'a circle', 'a square', 'one', 'two', 'left', 'right'];
/** Lists of differences end here. */
const MOST_SHOWN = 20;

export const CORRECTNESS: readonly Step[] = [
  { name: 'doctor', seconds: 60, run: doctor },
  { name: 'demo answers', seconds: 60, run: (kit) => compareAnswers(kit, rowCount(kit), []) },
  {
    name: 'demo, side by side',
    seconds: 40,
    // Mesa's software device crashes in a fused operation from six on.
    run: (kit) => compareAnswers(kit, rowCount(kit), ['--parallel', kit.device === 'vulkan' ? '4' : '8']),
  },
  {
    name: 'demo, 3 of 7 layers',
    needs: 'gpu',
    seconds: 40,
    run: (kit) => compareAnswers(kit, fewer(kit), [], ['--gpu-layers', '3']),
  },
  {
    name: 'demo, KV cache in q8_0',
    seconds: 40,
    run: (kit) => compareAnswers(kit, fewer(kit), ['--kv-type', 'q8_0']),
  },
  {
    name: 'demo, with an adapter',
    seconds: 40,
    run: (kit) => compareAnswers(kit, fewer(kit), ['--lora', writeAdapter(kit)]),
  },
  { name: 'labels', seconds: 40, run: compareLabels },
  { name: 'weights Q4_0', seconds: 40, run: (kit) => Promise.resolve(write(kit, 'Q4_0')) },
  { name: '7B features', needs: 'gpu', seconds: 40, run: compareFeatures },
  {
    name: '7B log-likelihoods',
    needs: 'gpu',
    seconds: 60,
    run: (kit) => compareLikelihoods(kit, ['--gpu-layers', 'all']),
  },
  {
    name: '7B, 10 layers',
    needs: 'gpu',
    seconds: 60,
    run: (kit) => compareLikelihoods(kit, ['--gpu-layers', kit.isReal ? '10' : '2']),
  },
];

function write(kit: Kit, type: 'Q4_0' | 'F16'): Finding {
  const start = performance.now();
  writeWeights(kit, type);
  return { say: `${((performance.now() - start) / 1000).toFixed(1)} s to write` };
}

async function doctor(kit: Kit): Promise<Finding> {
  const { code, stdout, stderr } = await kit.llava('doctor', '--json');
  const data = JSON.parse(stdout) as { devices: { kind: string; isUsable: boolean; problem?: string }[] };
  const own = data.devices.find(({ kind }) => kind === kit.device);
  const isRight = code === 0 && own?.isUsable === true;
  return {
    say: isRight ? `${kit.device} passes its self-test` : `${own?.problem ?? ''} ${stderr}`,
    isRight,
    data,
  };
}

/** Software devices take their time. */
function rowCount({ device }: Kit): number {
  return device === 'vulkan' ? 40 : 1000;
}

function fewer(kit: Kit): number {
  return Math.min(200, rowCount(kit));
}

interface AnsweredRow {
  readonly id: number;
  readonly question?: string;
  readonly answer?: string;
  readonly error?: unknown;
}

/** The demo's answers on the device beside the CPU's, one by one. */
async function compareAnswers(
  kit: Kit,
  count: number,
  flags: readonly string[],
  placement: readonly string[] = kit.device === 'cpu' ? ['--threads', '1'] : ['--gpu-layers', 'all'],
): Promise<Finding> {
  const rows = writeRows(kit, 'demo', await demoRows(kit, count));
  const adapter = flags[0] === '--lora' ? flags : [];
  const common = ['batch', rows, '--model', 'demo'];
  // So small a model is slower on several threads.
  const onCpu = ['--device', 'cpu', '--threads', '1'];
  const expected = rowsOf(await kit.answer(...common, ...onCpu, '--parallel', '1', ...adapter));
  const run = await kit.answer(
    ...common,
    '--device',
    kit.device,
    ...placement,
    ...sideBySide(flags),
    ...flags,
  );
  const actual = rowsOf(run);
  const differences = expected.flatMap(({ id, question, answer }, index) =>
    actual[index]?.answer === answer && answer !== undefined
      ? []
      : [{ id, question, cpu: answer, device: actual[index]?.answer }],
  );
  const say = `${expected.length - differences.length} of ${expected.length} as on the CPU; ${(count / run.seconds).toFixed(0)} a second`;
  // A packed KV cache rounds keys and values.
  const isRight = differences.length <= (flags.includes('q8_0') ? count * 0.02 : count * 0.005);
  return { say, isRight, data: { seconds: run.seconds, differences: differences.slice(0, MOST_SHOWN) } };
}

function sideBySide(flags: readonly string[]): readonly string[] {
  return flags.includes('--parallel') ? [] : ['--parallel', '1'];
}

function rowsOf({ stdout }: { readonly stdout: string }): readonly AnsweredRow[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AnsweredRow);
}

interface Scored {
  readonly answer: string;
  readonly probabilities: readonly {
    readonly choice: string;
    readonly logLikelihood: number;
    readonly probability: number;
  }[];
}

/** Labels with probabilities, by the demo model. */
async function compareLabels(kit: Kit): Promise<Finding> {
  const pictures = await scenes(kit, Math.min(100, fewer(kit)));
  const rows = writeRows(
    kit,
    'labels',
    pictures.map(({ path }, id) => ({
      id,
      image: path,
      question: 'What color is the largest object?',
      labels: ['red', 'blue', 'green', 'yellow', 'black', 'gray', 'orange', 'purple', 'pink', 'brown'],
      probabilities: true,
    })),
  );
  const ask = async (device: string) =>
    rowsOf(
      await kit.answer('batch', rows, '--model', 'demo', '--device', device),
    ) as unknown as readonly Scored[];
  const [expected, actual] = [await ask('cpu'), await ask(kit.device)];
  const same = expected.filter(({ answer }, index) => actual[index]?.answer === answer).length;
  const most = Math.max(
    ...expected.map((row, index) => largestDifference(row, actual[index], 'probability')),
  );
  const say = `${same} of ${expected.length} as on the CPU; probabilities differ by ${most.toExponential(1)} at most`;
  return { say, isRight: same === expected.length && most <= MOST_PROBABILITY_DIFFERENCE };
}

function largestDifference(a: Scored, b: Scored | undefined, key: 'probability' | 'logLikelihood'): number {
  const others = new Map(b?.probabilities.map((choice) => [choice.choice, choice[key]]));
  return Math.max(
    ...a.probabilities.map((choice) => Math.abs(choice[key] - (others.get(choice.choice) ?? NaN))),
  );
}

async function compareFeatures(kit: Kit): Promise<Finding> {
  const [own, reference] = await Promise.all(
    [kit.device, 'cpu'].map(async (device) => {
      const file = kit.path(`features-${device}.npy`);
      await kit.answer('features', kit.picture, '-o', file, '--device', device, ...pairFlags(kit));
      return npyValues(file);
    }),
  );
  let [difference, norm] = [0, 0];
  for (const [index, value] of reference!.entries()) {
    difference += ((own![index] ?? NaN) - value) ** 2;
    norm += value ** 2;
  }
  const relative = Math.sqrt(difference / norm);
  return {
    say: `differ by ${relative.toExponential(1)} (relative)`,
    isRight: relative <= MOST_FEATURE_DIFFERENCE,
  };
}

/** Version 1 of the format: a header's length stands at byte 8. */
function npyValues(file: string): Float32Array {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

/** How likely ten answers are to a question about each of five pictures. */
async function compareLikelihoods(kit: Kit, placement: readonly string[]): Promise<Finding> {
  const pictures = (await scenes(kit, 5)).map(({ path }) => path);
  const ask = async (...flags: readonly string[]) =>
    rowsOf(
      await kit.answer(
        ...['ask', '--json', '--labels', LABELS.join(','), '--probabilities', ...pairFlags(kit), ...flags],
        ...['What is in the picture?', ...pictures],
      ),
    ) as unknown as readonly Scored[];
  const expected = await ask('--device', 'cpu');
  const actual = await ask('--device', kit.device, ...placement);
  const most = Math.max(
    ...expected.map((row, index) => largestDifference(row, actual[index], 'logLikelihood')),
  );
  const same = expected.filter(({ answer }, index) => actual[index]?.answer === answer).length;
  return {
    say: `logarithms differ by ${most.toFixed(4)} at most; ${same} of ${expected.length} most likely are the same`,
    isRight: most <= MOST_LOGARITHM_DIFFERENCE,
    data: { expected, actual },
  };
}
