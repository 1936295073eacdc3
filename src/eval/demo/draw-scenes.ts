import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoScenes, type DemoScene } from './demo-scenes.js';

/** A scene whose picture is in a file. */
export interface DrawnScene extends DemoScene {
  readonly path: string;
}

/** The scenes of {@link demoScenes}, each with its picture in a file of the folder. */
export async function* drawScenes(folder: string, seed: number, count: number): AsyncGenerator<DrawnScene> {
  for await (const scene of demoScenes(seed, count)) {
    const path = join(folder, `scene-${scene.number}.png`);
    await writeFile(path, scene.picture);
    yield { ...scene, path };
  }
}
