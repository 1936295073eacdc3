/*
 * Several questions about one picture, as a batch answers them and one by one with the weights kept loaded, in turn:
 * npm run bench:questions -- MODEL.gguf MMPROJ.gguf PICTURE [questions] [tokens an answer] [threads] [runs] [sequences]
 */
import type { AnswerEvent, Sampling } from '../src/engine/engine.js';
import { openLlamaEngine, type LlamaEngine } from '../src/engine/local/llama-engine.js';
import { loadPixels, type Pixels } from '../src/llava/pixels.js';
import { writeRequest } from '../src/llava/response-format.js';
import { spread } from '../src/bench/figures.js';

const [model, mmproj, path, questions = '5', maxTokens = '4', threads = '2', runs = '1', sequences = '1'] =
  process.argv.slice(2);
if (model === undefined || mmproj === undefined || path === undefined)
  throw new Error(
    'Usage: npm run bench:questions -- MODEL.gguf MMPROJ.gguf PICTURE [questions] [tokens] [threads] [runs] [sequences]',
  );

/** As long as VQAv2's are. */
const QUESTIONS = [
  'What color is the car?',
  'Is it raining?',
  'How many people are there?',
  'What is the man holding?',
  'Is the dog asleep?',
];

const sampling: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: Number(maxTokens) };
await using engine = await openLlamaEngine(
  { model, mmproj },
  {
    device: 'cpu',
    threads: Number(threads),
    placement: {
      gpuLayers: 0,
      towerOn: 'cpu',
      contextSize: 2048,
      sequences: Number(sequences),
      kvType: 'f16',
      mapsModel: false,
    },
  },
);
const pixels = await loadPixels({ kind: 'file', path }, { imageSize: engine.info.imageSize });
const requests = Array.from({ length: Number(questions) }, (_, index) =>
  writeRequest({ text: QUESTIONS[index % QUESTIONS.length] ?? '', format: 'short' }, pixels.picture),
);
// Memory is touched for the first time here, and not in one of the two only.
await askTogether(engine, pixels);
const together: number[] = [];
const oneByOne: number[] = [];
for (let run = 0; run < Number(runs); run++) {
  together.push(await secondsOf(() => askTogether(engine, pixels)));
  oneByOne.push(await secondsOf(() => askOneByOne(engine, pixels)));
}
const perMinute = (seconds: readonly number[]) => seconds.map((each) => (60 * requests.length) / each);
process.stdout.write(`together    ${spread(perMinute(together))} rows a minute\n`);
process.stdout.write(`one by one  ${spread(perMinute(oneByOne))} rows a minute\n`);
process.stdout.write(
  `ratio       ${spread(together.map((seconds, run) => (oneByOne[run] ?? NaN) / seconds))}\n`,
);

async function askTogether(asked: LlamaEngine, picture: Pixels): Promise<void> {
  const prefix = asked.look(await asked.encode(picture));
  await Promise.all(requests.map((request) => drain(prefix.ask(request, sampling))));
}

async function askOneByOne(asked: LlamaEngine, picture: Pixels): Promise<void> {
  for (const request of requests) await drain(asked.look(await asked.encode(picture)).ask(request, sampling));
}

async function drain(events: AsyncIterable<AnswerEvent>): Promise<void> {
  for await (const event of events) if (event.type === 'done') return;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
