/**
 * Writes pictures with their questions to stdout for `pool.py`, one record after the other:
 * a line of JSON {seed, width, height, background, things, questions}, then width × height × 3 bytes of RGB.
 *
 *     tsx training/pool/write-pool.ts FIRST_SEED COUNT | python training/pool.py OUT_DIR
 */
import { once } from 'node:events';
import process from 'node:process';
import sharp from 'sharp';
import {
  askAbout,
  boxOf,
  createRandom,
  createScene,
  drawScene,
  type SceneQuestion,
} from '../../src/world/index.js';

/** How many questions of each format go with a picture; the rest would only be more of the same. */
const SHARE: Readonly<Record<SceneQuestion['format'], number>> = {
  short: 6,
  letter: 9,
  free: 4,
  unanswerable: 4,
  caption: 1,
  detailed: 1,
  region: 1,
  box: 2,
};

const [firstSeed = 0, count = 0] = process.argv.slice(2).map(Number);
sharp.concurrency(1);
for (let seed = firstSeed; seed < firstSeed + count; seed++) {
  const { line, pixels } = await record(seed);
  process.stdout.write(line);
  if (!process.stdout.write(pixels)) {
    await once(process.stdout, 'drain');
  }
}

async function record(seed: number): Promise<{ line: string; pixels: Buffer }> {
  const scene = createScene(seed);
  const { width, height, background } = scene;
  const pixels = await sharp(Buffer.from(drawScene(scene)))
    .removeAlpha()
    .raw()
    .toBuffer();
  const things = scene.shapes.map((thing) => ({
    shape: thing.shape,
    color: thing.color,
    size: thing.size,
    cell: thing.cell,
    box: boxOf(thing, scene),
  }));
  const questions = choose(seed, askAbout(scene, createRandom(seed + 0x40000000)));
  return { line: `${JSON.stringify({ seed, width, height, background, things, questions })}\n`, pixels };
}

/** A few questions of each format, their kinds as evenly as they come. */
function choose(seed: number, questions: readonly SceneQuestion[]): Omit<SceneQuestion, 'question'>[] {
  const random = createRandom(seed + 0x60000000);
  const chosen: SceneQuestion[] = [];
  for (const [format, share] of Object.entries(SHARE)) {
    const seen = new Map<string, number>();
    const ranked = random
      .shuffle(questions.filter((question) => question.format === format))
      .map((question) => {
        const turn = seen.get(question.kind) ?? 0;
        seen.set(question.kind, turn + 1);
        return { question, turn };
      });
    ranked.sort((a, b) => a.turn - b.turn);
    chosen.push(...ranked.slice(0, share).map(({ question }) => question));
  }

  return chosen.map(({ kind, format, request, answer, fact, choices }) => ({
    kind,
    format,
    request,
    answer,
    ...(fact !== undefined && { fact }),
    ...(choices !== undefined && { choices }),
  }));
}
