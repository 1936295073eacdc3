import { join } from 'node:path';
import { writeWholeFile } from '../../files/write-whole-file.js';
import { renderSvg } from '../../llava/render-svg.js';
import { askAbout, createRandom, createScene, drawScene, type SceneQuestion } from '../../world/index.js';

/** Training of the demo model saw no scene from here on. */
const FIRST_FRESH_SCENE = 4_000_000_000;

/** Each seed has so many scenes of its own, until the seeds begin anew at the end of the 32 bits that number scenes. */
export const SCENES_OF_A_SEED = 1000;
const SEEDS = Math.floor((2 ** 32 - FIRST_FRESH_SCENE) / SCENES_OF_A_SEED);

/** A picture of the demo world with all that can be asked about it. */
export interface DemoScene {
  /** From 1. */
  readonly number: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of a PNG. */
  readonly picture: Uint8Array;
  readonly questions: readonly SceneQuestion[];
}

/**
 * Scenes that were never seen in training; the same seed gives the same ones.
 * @param seed a whole number from 0
 * @param count 1 to 1000
 */
export async function* demoScenes(seed: number, count: number): AsyncGenerator<DemoScene> {
  for (let number = 1; number <= count; number++) {
    const id = FIRST_FRESH_SCENE + (seed % SEEDS) * SCENES_OF_A_SEED + number - 1;
    const scene = createScene(id);
    const { width, height } = scene;
    const picture = await renderSvg(drawScene(scene));
    yield { number, width, height, picture, questions: askAbout(scene, createRandom(id)) };
  }
}

/** A scene whose picture is in a file. */
export interface DrawnScene extends DemoScene {
  readonly path: string;
}

/** The scenes of {@link demoScenes}, each with its picture in a file of the folder. */
export async function* drawScenes(folder: string, seed: number, count: number): AsyncGenerator<DrawnScene> {
  for await (const scene of demoScenes(seed, count)) {
    const path = join(folder, `scene-${scene.number}.png`);
    await writeWholeFile(path, scene.picture);
    yield { ...scene, path };
  }
}
