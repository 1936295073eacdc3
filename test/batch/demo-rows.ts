import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResponseFormat } from '../../src/llava/response-format.js';
import { askAbout, createRandom, createScene } from '../../src/world/index.js';
import { scenePng } from '../helpers/scene-pictures.js';
import { Seeded } from '../reference/seeded.js';

/** A row for `llava batch` on a scene that the demo model can answer. */
export interface DemoRow {
  readonly id: number;
  readonly image: string;
  readonly question: string;
  readonly format: ResponseFormat;
  readonly choices?: readonly string[];
  readonly temperature?: number;
  readonly seed?: number;
}

/** Pictures of fresh scenes in a folder, and as many questions about each: every fifth is sampled with a seed. */
export async function writeDemoRows(
  folder: string,
  scenes: number,
  each: number,
): Promise<{ imageFolder: string; rows: readonly DemoRow[] }> {
  const imageFolder = join(folder, 'scenes');
  mkdirSync(imageFolder, { recursive: true });
  const rows: DemoRow[] = [];
  for (let index = 0; index < scenes; index++) {
    const seed = 4_100_000_000 + index;
    const scene = createScene(seed);
    const image = `${index}.png`;
    writeFileSync(join(imageFolder, image), await scenePng(scene));
    const asked = shuffle(askAbout(scene, createRandom(seed)), seed).slice(0, each);
    for (const { question, format, choices } of asked) {
      const id = rows.length;
      const drawn = id % 5 === 4 ? { temperature: 1, seed: id } : {};
      rows.push({ id, image, question, format, ...(choices === undefined ? {} : { choices }), ...drawn });
    }
  }
  return { imageFolder, rows };
}

/** The same items in another order, the same for the same seed. */
export function shuffle<Item>(items: readonly Item[], seed: number): Item[] {
  const random = new Seeded(seed);
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
