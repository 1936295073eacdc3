import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';
import type { PictureSize } from './box.js';
import { parsePoint, parseRegion, placePoint, placeRegion, type Point, type Region } from './region.js';

/** A visual prompt: a shape drawn on the picture before the model sees it, as in ViP-LLaVA and ViP-Bench. */
export type Mark =
  | { readonly shape: 'box' | 'ellipse'; readonly region: Region; readonly colour: string }
  | { readonly shape: 'point'; readonly point: Point; readonly colour: string };

/** Words of CSS, so that a question can say the colour too. */
const COLOURS = [
  'red',
  'green',
  'lime',
  'blue',
  'yellow',
  'orange',
  'purple',
  'pink',
  'cyan',
  'magenta',
  'white',
  'black',
];
const USUAL_COLOUR = 'red';

/**
 * Reads `box:x,y,width,height`, `ellipse:x,y,width,height` or `point:x,y`, each with `:colour` behind it when it is not to
 * be red.
 * @throws ExpectedError('usage') for anything else
 */
export function parseMark(text: string): Mark {
  const [shape = '', place = '', colour = USUAL_COLOUR, ...rest] = text.split(':');
  if (rest.length > 0) throw badMark(text, 'it has too many colons');
  if (!COLOURS.includes(colour) && !/^#[0-9a-f]{6}$/i.test(colour))
    throw badMark(text, `the colour ${quote(colour, 30)} is not known`);
  if (shape === 'point') return { shape, point: parsePoint(place), colour };
  if (shape === 'box' || shape === 'ellipse') return { shape, region: parseRegion(place), colour };
  throw badMark(text, `the shape ${quote(shape, 30)} is not known`);
}

/** @throws ExpectedError('input') when a mark reaches out of the picture */
export function checkMarks(marks: readonly Mark[], picture: PictureSize): void {
  for (const mark of marks)
    if (mark.shape === 'point') placePoint(mark.point, picture);
    else placeRegion(mark.region, picture);
}

function badMark(text: string, problem: string): ExpectedError {
  return new ExpectedError('usage', `The mark ${quote(text, 80)} is not valid: ${problem}.`, {
    hint: `Give box:40,60,200,180 or ellipse:… or point:120,80; a colour after it is ${COLOURS.join(', ')} or #rrggbb`,
  });
}
