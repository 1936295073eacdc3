import sharp from 'sharp';
import { decodePicture, type DecodedPicture } from './decode-picture.js';
import type { PictureSource } from './picture-bytes.js';
import { openPicture, type PictureWishes } from './picture.js';

/** White space in each cell: beside a picture, and above and below it with its number. Pixels. */
const GAP = { across: 20, down: 30 };
const NUMBER = { height: 20, size: 11 };

export interface SheetOptions extends PictureWishes {
  /** Larger pictures are made as small as this, in pixels of their longest side. Default: they stay. */
  readonly longestSide?: number;
  /** How many times MM-Vet v2's gaps and numbers are. Default 1. */
  readonly scale?: number;
}

/**
 * Pictures on one white sheet, in rows of ⌈√n⌉, each in a cell of the largest one's size with its number above.
 * Source: `process_images_for_question` of MM-Vet v2 (`v2/inference/utils.py`), for models that take one picture; the
 * font of the numbers is another.
 * @returns bytes of a PNG
 * @throws ExpectedError('input') when a picture cannot be read
 */
export async function pictureSheet(
  sources: readonly PictureSource[],
  { longestSide = Infinity, scale = 1, ...wishes }: SheetOptions,
): Promise<Uint8Array> {
  const pictures: Pixels[] = [];
  for (const source of sources)
    pictures.push(await shrink(await decodePicture(await openPicture(source, wishes)), longestSide));
  const gap = { across: GAP.across * scale, down: GAP.down * scale };
  const number = { height: NUMBER.height * scale, size: NUMBER.size * scale };
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const cell = {
    width: Math.max(...pictures.map(({ width }) => width)) + gap.across,
    height: Math.max(...pictures.map(({ height }) => height)) + gap.down,
  };
  const size = { width: cell.width * columns, height: cell.height * rows };
  const placed = pictures.map(({ rgb, width, height }, index) => ({
    input: Buffer.from(rgb),
    raw: { width, height, channels: 3 as const },
    left: (index % columns) * cell.width + Math.floor((cell.width - width) / 2),
    top: Math.floor(index / columns) * cell.height + Math.floor((cell.height - height - 10 * scale) / 2),
    width,
  }));
  const numbers = placed.map(
    ({ left, top, width }, index) =>
      `<text x="${left + Math.floor(width / 2)}" y="${top + number.size}" font-size="${number.size}" font-family="sans-serif">${index + 1}</text>`,
  );
  const layer = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${numbers.join('')}</svg>`;
  return await sharp({ create: { ...size, channels: 3, background: 'white' } })
    .composite([
      ...placed.map(({ input, raw, left, top }) => ({ input, raw, left, top: top + number.height })),
      { input: Buffer.from(layer), left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
}

type Pixels = Pick<DecodedPicture, 'rgb' | 'width' | 'height'>;

async function shrink({ rgb, width, height }: Pixels, longestSide: number): Promise<Pixels> {
  if (Math.max(width, height) <= longestSide) return { rgb, width, height };
  const { data, info } = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(longestSide, longestSide, { fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { rgb: data, width: info.width, height: info.height };
}
