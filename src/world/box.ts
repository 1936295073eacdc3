import { boxOnPaddedSquare, type Box } from '../llava/box.js';
import { corners } from './draw.js';
import type { Scene, Thing } from './scene.js';

/** Where a thing lies on the padded square, as fractions of it. */
export function boxOf(thing: Thing, scene: Scene): Box {
  const points = corners(thing);
  const across = points.map(([x]) => x);
  const down = points.map(([, y]) => y);
  const box = [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)] as const;
  return boxOnPaddedSquare(box, scene);
}
