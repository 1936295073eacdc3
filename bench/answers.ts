import { openLlamaEngine } from '../src/engine/local/llama-engine.js';
import {
  areaUnderRoc,
  mean,
  measureBoxes,
  measureColours,
  measureYesNo,
  reliability,
  type Guess,
} from '../test/demo/measure-answers.js';
import { projectFile } from '../test/helpers/run-llava.js';

/* The figures of docs/answers.md, on the demo model and fresh scenes: `npm run bench:answers`. */

const QUESTIONS = 500;
const BOXES = 300;

await using engine = await openLlamaEngine(
  { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') },
  { device: 'cpu', threads: 1 },
);

const yesNo = await measureYesNo(engine, QUESTIONS);
const right = yesNo.filter(({ probability, isTrue }) => probability >= 0.5 === isTrue).length;
say(`yes or no: ${QUESTIONS} questions, area under the ROC curve ${areaUnderRoc(yesNo).toFixed(4)}`);
say(`  right: ${percent(right / QUESTIONS)}`);
showReliability(yesNo);

const colours = await measureColours(engine, QUESTIONS);
say(
  `colours by --labels: ${QUESTIONS} questions, right ${percent(mean(colours.map(({ isTrue }) => Number(isTrue))))}`,
);
showReliability(colours);

const overlaps = await measureBoxes(engine, BOXES);
const above = overlaps.filter((overlap) => overlap >= 0.5).length;
say(`boxes: ${BOXES}, mean IoU ${mean(overlaps).toFixed(3)}, IoU of 0.5 or more: ${percent(above / BOXES)}`);

function showReliability(guesses: readonly Guess[]): void {
  say('| probability | answers | said | right |');
  for (const { from, count, probability, share } of reliability(guesses))
    say(
      `| ${from.toFixed(1)} to ${(from + 0.1).toFixed(1)} | ${count} | ${percent(probability)} | ${percent(share)} |`,
    );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
