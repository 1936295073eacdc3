import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawScene, type Scene } from '../../src/world/index.js';

/** A scene as the bytes of a PNG. */
export async function scenePng(scene: Scene): Promise<Buffer> {
  return await sharp(Buffer.from(drawScene(scene)))
    .png()
    .toBuffer();
}

/** A picture of one red circle on white, and its path. */
export async function writeRedCircle(folder: string, name = 'circle.png'): Promise<string> {
  return await writePicture(folder, name, '<circle cx="150" cy="150" r="45" fill="rgb(220,30,30)"/>');
}

/** A picture of one blue square on white, and its path. */
export async function writeBlueSquare(folder: string, name = 'square.png'): Promise<string> {
  return await writePicture(
    folder,
    name,
    '<rect x="110" y="110" width="80" height="80" fill="rgb(30,60,220)"/>',
  );
}

async function writePicture(folder: string, name: string, shape: string): Promise<string> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="300" height="300" fill="white"/>${shape}</svg>`;
  const path = join(folder, name);
  writeFileSync(path, await sharp(Buffer.from(svg)).png().toBuffer());
  return path;
}
