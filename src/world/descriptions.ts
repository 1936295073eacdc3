import type { Scene, Thing } from './scene.js';
import { atCell, capitalize, countWord, plural, withArticle } from './words.js';

/** "a large red circle". */
export function describeThing(thing: Thing): string {
  return withArticle(`${thing.size} ${thing.color} ${thing.shape}`);
}

/** One sentence without places: "A large red circle and a small blue star on a white background." */
export function caption(scene: Scene): string {
  return `${capitalize(enumerate(scene.shapes.map((thing) => describeThing(thing))))} on a ${scene.background} background.`;
}

/** One sentence with places. */
export function description(scene: Scene): string {
  const things = scene.shapes.map((thing) => `${describeThing(thing)} ${atCell(thing.cell)}`);
  return `The image shows ${enumerate(things)}, on a ${scene.background} background.`;
}

/** A sentence for the whole picture, then one for each thing. */
export function detailedDescription(scene: Scene): string {
  const count = scene.shapes.length;
  return [
    `The image shows ${countWord(count)} ${plural('object', count)} on a ${scene.background} background.`,
    ...scene.shapes.map((thing) => `${capitalize(atCell(thing.cell))} is ${describeThing(thing)}.`),
  ].join(' ');
}

function enumerate(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  const others = items.slice(0, -1);
  return others.length === 0 ? last : `${others.join(', ')} and ${last}`;
}
