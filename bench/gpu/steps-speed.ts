import { median } from '../../src/bench/figures.js';
import { onDevice, pairFlags, scenes, writeRows } from './inputs.js';
import type { Finding, Kit, Step } from './kit.js';
import { PROFILE, type AskAnswer } from './steps-profile.js';

/* How fast is it beside llama.cpp's own programs on the same files, and where does the rest of the time go? */

const ANSWER_TOKENS = 64;
const IMAGE_TOKENS = 576;

const STEPS: readonly Step[] = [
  { name: 'one question', seconds: 90, run: oneQuestion },
  { name: 'tokens a second', seconds: 40, run: tokenRate },
  { name: '5 questions × 20 pictures', seconds: 90, run: fiveQuestions },
  { name: 'chat, turn 2', seconds: 40, run: chat },
  { name: '100 pictures × 1 question', seconds: 60, run: manyPictures },
  PROFILE,
];

/** What small weights show where there is no real card is neither right nor wrong. */
export const SPEED: readonly Step[] = STEPS.map((step) => ({
  ...step,
  run: async (kit) => {
    const finding = await step.run(kit);
    return kit.isReal ? finding : { ...finding, isRight: undefined };
  },
}));

/** Figures of `llava bench --json`: all values of each contender. */
type BenchFigures = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

async function bench(kit: Kit, ...flags: readonly string[]): Promise<BenchFigures> {
  const { stdout } = await kit.answer(
    ...['bench', '--json', '--device', kit.device, '--threads', String(kit.threads)],
    ...pairFlags(kit),
    ...flags,
  );
  return (JSON.parse(stdout) as { figures: BenchFigures }).figures;
}

/** Median of a figure. */
function middle(figures: BenchFigures, contender: string, figure: string): number {
  return median(figures[contender]?.[figure] ?? []);
}

const mtmd = (kit: Kit) => ['--mtmd-cli', kit.path('llama.cpp/llama-mtmd-cli')];
const server = (kit: Kit) => ['--server', kit.path('llama.cpp/llama-server')];

function ratio(own: number, other: number, most: number): Finding {
  const share = own / other;
  return {
    say: `${own.toFixed(2)} s, theirs ${other.toFixed(2)} s: ${share.toFixed(2)} (≤ ${most})`,
    isRight: share <= most,
  };
}

async function oneQuestion(kit: Kit): Promise<Finding> {
  const runs = kit.isReal ? '5' : '2';
  const data = await bench(kit, '--only', 'once', '--runs', runs, '--tokens', '16', ...mtmd(kit));
  const compared = ratio(
    middle(data, 'llava', 'one question, s'),
    middle(data, 'llama-mtmd-cli', 'one question, s'),
    1,
  );
  const steps = [
    'load, s',
    'encode, s',
    'evaluate the picture, s',
    'a token of the answer, ms',
    'outside llama.cpp, s',
  ];
  const shown = steps.map(
    (step) =>
      `${step} ${middle(data, 'llava', step).toFixed(3)}/${middle(data, 'llama-mtmd-cli', step).toFixed(3)}`,
  );
  return { ...compared, say: `${compared.say}; ${shown.join('; ')}`, data };
}

interface LlamaBenchRow {
  readonly n_prompt: number;
  readonly n_gen: number;
  readonly flash_attn: number | boolean | string;
  readonly samples_ns: readonly number[];
}

async function tokenRate(kit: Kit): Promise<Finding> {
  const [model = ''] = pairFlags(kit).slice(1);
  const layers = kit.device === 'cpu' ? '0' : '99';
  const { stdout } = await kit.llamaCpp(
    'llama-bench',
    ...[
      '-m',
      model,
      '-p',
      String(IMAGE_TOKENS),
      '-n',
      String(ANSWER_TOKENS),
      '-ngl',
      layers,
      '-fa',
      '0,1',
      '-r',
      '5',
    ],
    ...['-ub', '640', '-b', '640', '-t', String(kit.threads), '-o', 'json'],
  );
  const rows = JSON.parse(stdout) as readonly LlamaBenchRow[];
  const rates = rows.map(
    ({ n_prompt: prompt, n_gen: generated, flash_attn: flash, samples_ns: samples }) => ({
      work: generated > 0 ? 'tokens' : 'prefill',
      flash: flash === true || flash === 1 || flash === '1' || flash === 'on',
      rate: median(samples.map((ns) => ((prompt + generated) * 1e9) / ns)),
    }),
  );
  const best = Math.max(...rates.filter(({ work }) => work === 'tokens').map(({ rate }) => rate));
  const own: number[] = [];
  for (let run = 0; run < 5; run++) own.push(await ownRate(kit));
  const share = median(own) / best;
  const said = rates.map(
    ({ work, flash, rate }) => `${work} ${flash ? 'with' : 'without'} flash attention ${rate.toFixed(0)}`,
  );
  return {
    say: `${median(own).toFixed(1)} a second, llama-bench ${best.toFixed(1)}: ${share.toFixed(2)} (≥ 0.95); ${said.join(', ')}`,
    isRight: share >= 0.95,
    data: { rates, own },
  };
}

async function ownRate(kit: Kit): Promise<number> {
  const { ms, tokens } = await askOnce(kit, ANSWER_TOKENS);
  return ((tokens.answer - 1) * 1000) / ms.answer;
}

async function askOnce(kit: Kit, tokens: number): Promise<AskAnswer> {
  const { stdout } = await kit.answer(
    ...['ask', '--json', '--max-tokens', String(tokens), ...onDevice(kit), ...pairFlags(kit)],
    ...['What is in the picture?', kit.picture],
  );
  return JSON.parse(stdout) as AskAnswer;
}

/** A loop of llama-mtmd-cli begins anew with every question, so ten of the hundred tell what all take. */
async function fiveQuestions(kit: Kit): Promise<Finding> {
  const work = ['--only', 'many', '--runs', '1', '--questions', '5', '--tokens', '3'];
  const all = await bench(kit, ...work, '--pictures', '20', ...server(kit));
  const few = await bench(kit, ...work, '--pictures', '2', ...mtmd(kit));
  const own = middle(all, 'llava', '5 questions on each of 20 pictures, s');
  const byServer = middle(all, 'llama-server', '5 questions on each of 20 pictures, s');
  const byLoop = 10 * middle(few, 'llama-mtmd-cli', '5 questions on each of 2 pictures, s');
  const shares = [own / byLoop, own / byServer] as const;
  return {
    say: `${own.toFixed(1)} s, a loop of llama-mtmd-cli ${byLoop.toFixed(0)} s: ${shares[0].toFixed(2)} (≤ 0.35), llama-server ${byServer.toFixed(1)} s: ${shares[1].toFixed(2)} (≤ 0.9)`,
    isRight: shares[0] <= 0.35 && shares[1] <= 0.9,
    data: { all, few },
  };
}

async function chat(kit: Kit): Promise<Finding> {
  const figure = 'chat, first word of turn 2, s';
  const data = await bench(
    kit,
    '--only',
    'chat',
    '--runs',
    kit.isReal ? '3' : '1',
    '--tokens',
    '16',
    ...server(kit),
  );
  return { ...ratio(middle(data, 'llava', figure), middle(data, 'llama-server', figure), 1), data };
}

async function manyPictures(kit: Kit): Promise<Finding> {
  const pictures = await scenes(kit, kit.device === 'vulkan' ? 10 : 100);
  const rows = pictures.map(({ path }, id) => ({
    id,
    image: path,
    question: 'What color is the largest object?',
  }));
  const file = writeRows(kit, 'pictures', rows);
  const rates: Record<string, number> = {};
  for (const parallel of ['1', '8', '32']) {
    const { seconds } = await kit.answer(
      ...['batch', file, '--parallel', parallel, '--max-tokens', '8', '--context', '1024'],
      ...onDevice(kit),
      ...pairFlags(kit),
    );
    rates[parallel] = pictures.length / seconds;
  }
  const said = Object.entries(rates).map(([parallel, rate]) => `${parallel} side by side ${rate.toFixed(1)}`);
  return { say: `rows a second, start included: ${said.join(', ')}`, data: rates };
}
