import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { boxOnPicture, parseBox, type Box, type PictureSize } from '../../src/llava/box.js';
import { boxInFile } from '../../src/llava/box-in-file.js';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { checkMarks, parseMark } from '../../src/llava/mark.js';
import { openPicture } from '../../src/llava/picture.js';
import { readAnswer } from '../../src/llava/read-answer.js';
import { parseRegion, placeRegion, regionText } from '../../src/llava/region.js';
import { checkQuestion, writeRequest, type Question } from '../../src/llava/response-format.js';
import { createRandom } from '../../src/world/index.js';

const random = createRandom(9);
const SIZES: readonly [name: string, size: PictureSize][] = [
  ['wide', { width: 1920, height: 480 }],
  ['very wide', { width: 5000, height: 31 }],
  ['tall', { width: 333, height: 1001 }],
  ['square', { width: 336, height: 336 }],
  ['tiny', { width: 7, height: 4 }],
  ['tiniest', { width: 2, height: 3 }],
];

/** Whole pixels, at least one each way. */
function anyBox({ width, height }: PictureSize): Box {
  const [x, y] = [random.integer(0, width - 1), random.integer(0, height - 1)];
  return [x, y, x + random.integer(1, width - x), y + random.integer(1, height - y)];
}

describe.each(SIZES)('a box on a %s picture', (_, size) => {
  it('comes back from LLaVA’s text within 1 % of the longer side', () => {
    const side = Math.max(size.width, size.height);
    for (let run = 0; run < 500; run++) {
      const box = anyBox(size);
      const text = regionText(box, size);
      const said = parseBox(text);
      expect(said, text).toBeDefined();
      const back = boxOnPicture(said!, size);
      // Whole pixels are the finest that comes back.
      const most = Math.max(0.01 * side, 0.5) + 0.5;
      for (const [index, edge] of box.entries())
        expect(Math.abs(back[index]! - edge)).toBeLessThanOrEqual(most);
    }
  });
});

describe('a region', () => {
  const size = { width: 400, height: 200 };

  it('is pixels, or fractions of the picture when none of its numbers is above 1', () => {
    expect(placeRegion(parseRegion('40,60,200,100'), size)).toEqual([40, 60, 240, 160]);
    expect(placeRegion(parseRegion('0.1, 0.5, 0.5, 0.25'), size)).toEqual([40, 100, 240, 150]);
    expect(placeRegion(parseRegion('0,0,1,1'), size)).toEqual([0, 0, 400, 200]);
  });

  it('stands in the question as the training data writes it, on the padded square', () => {
    const ask = (text: string, format: Question['format'], region: string) =>
      writeRequest({ text, format, region: parseRegion(region) }, size);
    expect(ask('', 'region', '0,0,1,1')).toBe(
      'Please provide a short description for this region: [0.0, 0.25, 1.0, 0.75].',
    );
    expect(ask('What is here?', 'free', '40,0,200,100')).toBe('What is here? [0.1, 0.25, 0.6, 0.5]');
    expect(ask('Is {region} red?', 'short', '40,0,200,100')).toBe(
      'Is [0.1, 0.25, 0.6, 0.5] red?\nAnswer the question using a single word or phrase.',
    );
  });

  it('thinner than two decimals tell is widened, within the square', () => {
    const wide = { width: 1000, height: 1000 };
    for (const x of [0, 1, 4, 5, 6, 494, 496, 504, 505, 994, 996, 999]) {
      const [x1, , x2] = parseBox(regionText([x, 10, x + 1, 500], wide))!;
      expect(x2 - x1).toBeCloseTo(0.01, 9);
      expect(Math.max(Math.abs(x1 - x / 1000), Math.abs(x2 - (x + 1) / 1000))).toBeLessThanOrEqual(0.0101);
    }
  });

  it.each([
    '',
    '1,2,3',
    '1,2,3,4,5',
    'a,b,c,d',
    '-1,0,5,5',
    '1e3,0,5,5',
    '0,0,0,5',
    '5,5,5,0',
    '0.5,0.5,0.6,0.1',
    'NaN,1,1,1',
    '1,2,3,4;',
  ])('is none: %j', (text) => {
    expect(() => parseRegion(text)).toThrow(ExpectedError);
  });

  it('that reaches out of the picture is refused with the picture’s size', () => {
    expect(() => placeRegion(parseRegion('300,0,200,100'), size)).toThrow(/"300,0,200,100".*400×200/);
    expect(() => placeRegion(parseRegion('900,900,20,20'), size)).toThrow(/400×200/);
  });

  it('goes with no box question, and region questions have no text besides', () => {
    const region = parseRegion('1,2,3,4');
    expect(() => {
      checkQuestion({ text: 'the cat', format: 'box', region });
    }).toThrow(/no region/);
    expect(() => {
      checkQuestion({ text: 'the cat', format: 'region', region });
    }).toThrow(/"the cat"/);
  });
});

describe('a mark', () => {
  it('has a shape, a place and a colour', () => {
    expect(parseMark('box:1,2,3,4')).toMatchObject({ shape: 'box', colour: 'red' });
    expect(parseMark('ellipse:0.1,0.2,0.3,0.4:blue')).toMatchObject({ shape: 'ellipse', colour: 'blue' });
    expect(parseMark('point:5,6:#00FF7f')).toMatchObject({ shape: 'point', colour: '#00FF7f' });
  });

  it.each([
    '',
    'box',
    'box:1,2',
    'circle:1,2,3,4',
    'point:1,2,3,4',
    'box:1,2,3,4:redd',
    'box:1,2,3,4:"/><script>',
    'box:1,2,0,4',
    'box:1,2,3,4:red:x',
  ])('is none: %j', (text) => {
    expect(() => parseMark(text)).toThrow(ExpectedError);
  });

  it('lies in the picture', () => {
    const size = { width: 10, height: 10 };
    expect(() => {
      checkMarks([parseMark('box:5,5,6,2')], size);
    }).toThrow(/10×10/);
    expect(() => {
      checkMarks([parseMark('point:11,2')], size);
    }).toThrow(/10×10/);
  });
});

describe('an answered box', () => {
  const ask: Question = { text: 'the cat', format: 'box' };

  it('is clipped to the picture, its padding undone', () => {
    expect(readAnswer('[0.0, 0.1, 0.5, 0.5]', ask, { width: 400, height: 200 })).toEqual({
      box: [0, 0, 200, 100],
      rectangle: { x: 0, y: 0, width: 200, height: 100 },
    });
  });

  it('in the padding alone is none', () => {
    expect(readAnswer('[0.0, 0.0, 1.0, 0.2]', ask, { width: 400, height: 200 })).toEqual({});
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is found in the file’s own pixels, turned by EXIF %i',
    async (orientation) => {
      const upright = { width: 60, height: 40 };
      const box = [9, 5, 30, 17] as const;
      const bytes = await pictureTurned(upright, box, orientation);
      const picture = await openPicture({ kind: 'bytes', label: 'turned', bytes });
      expect([picture.width, picture.height]).toEqual([60, 40]);
      const { x, y, width, height } = boxInFile(box, picture);
      const { data } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const fileWidth = orientation > 4 ? 40 : 60;
      const isMarked = (index: number) => data[index * 3]! > 128;
      const marked = Array.from({ length: 60 * 40 }, (_, index) => index).filter(isMarked);
      const inside = (index: number) => {
        const [across, down] = [index % fileWidth, Math.floor(index / fileWidth)];
        return across >= x && across < x + width && down >= y && down < y + height;
      };
      expect(marked.length).toBe(width * height);
      expect(marked.every(inside)).toBe(true);
      const reading = readAnswer('[0.2, 0.3, 0.5, 0.5]', ask, picture);
      expect(reading.rectangleInFile === undefined).toBe(orientation === 1);
    },
  );
});

/** A PNG that EXIF turns into a black picture with that box in white: each file's turn is undone by its inverse. */
async function pictureTurned(
  { width, height }: PictureSize,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  orientation: number,
): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}"/><rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" fill="white"/></svg>`;
  const inverse = ({ 6: 8, 8: 6 } as Record<number, number>)[orientation] ?? orientation;
  const tagged = await sharp(Buffer.from(svg)).png().withMetadata({ orientation: inverse }).toBuffer();
  const turned = await sharp(tagged).autoOrient().png().toBuffer();
  return await sharp(turned).png().withMetadata({ orientation }).toBuffer();
}
