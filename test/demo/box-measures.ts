/** How well the demo model's boxes lie on the things they are asked for: `npx tsx test/demo/box-measures.ts [count]`. */
import { openLlamaEngine } from '../../src/engine/llama-engine.js';
import { boxOnPicture, overlapOf, parseBox } from '../../src/llava/box.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { readAnswer } from '../../src/llava/read-answer.js';
import { askAbout, createRandom, createScene } from '../../src/world/index.js';
import { projectFile } from '../helpers/run-llava.js';
import { scenePng } from '../helpers/scene-pictures.js';

/** Training never saw scenes from here on. */
const FIRST_FRESH_SEED = 4_000_000_000;
const GREEDY = { temperature: 0, topP: 1, seed: undefined, maxTokens: 64 };

const wanted = Number(process.argv[2] ?? 300);
await using engine = await openLlamaEngine({
  model: projectFile('models/demo/model.gguf'),
  mmproj: projectFile('models/demo/mmproj.gguf'),
});

const overlaps: number[] = [];
let unread = 0;
for (let seed = FIRST_FRESH_SEED; overlaps.length < wanted; seed++) {
  const scene = createScene(seed);
  const questions = askAbout(scene, createRandom(seed)).filter(({ format }) => format === 'box');
  if (questions.length === 0) continue;
  const source = { kind: 'bytes', label: `scene ${seed}`, bytes: await scenePng(scene) } as const;
  const pixels = await loadPixels(source, { imageSize: engine.info.imageSize });
  const prefix = engine.look(await engine.encode(pixels));
  for (const { question, request, answer } of questions.slice(0, wanted - overlaps.length)) {
    let said = '';
    for await (const event of prefix.ask(request, GREEDY)) if (event.type === 'text') said += event.text;
    const { box } = readAnswer(said, { text: question, format: 'box' }, scene);
    const truth = parseBox(answer);
    if (truth === undefined) throw new Error(`${answer} is no box`);
    if (box === undefined) unread++;
    overlaps.push(box === undefined ? 0 : overlapOf(box, boxOnPicture(truth, scene)));
  }
}

const mean = overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length;
const share = (least: number) => overlaps.filter((overlap) => overlap >= least).length / overlaps.length;
process.stdout.write(
  `${JSON.stringify({
    boxes: overlaps.length,
    unread,
    mean,
    atLeastHalf: share(0.5),
    atLeastThreeQuarters: share(0.75),
  })}\n`,
);
