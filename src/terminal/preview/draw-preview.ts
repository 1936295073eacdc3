import type { RgbPicture } from '../../llava/resample.js';
import { makeThumbnail, type Thumbnail } from '../../llava/thumbnail.js';
import type { ChalkInstance } from 'chalk';
import type { PreviewKind } from './preview-kind.js';

/** Room for a picture, in cells of the terminal. */
export interface PreviewRoom {
  readonly columns: number;
  readonly rows: number;
}

/** Pixels of a cell where the terminal does the scaling; cells are about twice as high as they are wide. */
const CELL = { width: 10, height: 20 } as const;
/** Sixels are drawn pixel for pixel, so they are made for the smallest usual cell. */
const SIXEL_CELL = { width: 8, height: 16 } as const;
const SIXEL_COLOURS = 256;
/** Most base64 characters in one piece of kitty's protocol. */
const KITTY_PIECE = 4096;

/**
 * What to write to show a picture in that room, ending below it at the start of a line; empty for `none`.
 * Sources: sw.kovidgoyal.net/kitty/graphics-protocol, iterm2.com/documentation-images.html; sixels by `sixel`.
 * @param colours as many as the terminal has, for half-blocks
 */
export async function drawPreview(
  picture: RgbPicture,
  kind: PreviewKind,
  room: PreviewRoom,
  colours: ChalkInstance,
): Promise<string> {
  switch (kind) {
    case 'none':
      return '';
    case 'blocks':
      return halfBlocks(await makeThumbnail(picture, room.columns, 2 * room.rows), colours);
    case 'kitty': {
      const thumbnail = await cellThumbnail(picture, room, CELL);
      return `${kittyPieces(await base64(thumbnail), cellsOf(thumbnail))}\n`;
    }
    case 'iterm2': {
      const thumbnail = await cellThumbnail(picture, room, CELL);
      const { columns, rows } = cellsOf(thumbnail);
      const size = `width=${columns};height=${rows};preserveAspectRatio=1`;
      return `\u001b]1337;File=inline=1;${size}:${await base64(thumbnail)}\u0007\n`;
    }
    case 'sixel': {
      const { default: sixel } = await import('sixel');
      const thumbnail = await cellThumbnail(picture, room, SIXEL_CELL);
      const { width, height } = thumbnail;
      return `${sixel.image2sixel(withAlpha(thumbnail), width, height, SIXEL_COLOURS)}\n`;
    }
  }
}

function cellThumbnail(
  picture: RgbPicture,
  { columns, rows }: PreviewRoom,
  cell: { readonly width: number; readonly height: number },
): Promise<Thumbnail> {
  return makeThumbnail(picture, columns * cell.width, rows * cell.height);
}

function cellsOf({ width, height }: RgbPicture): PreviewRoom {
  return { columns: Math.ceil(width / CELL.width), rows: Math.ceil(height / CELL.height) };
}

/** Two pixels a cell: the upper one as the colour of `▀`, the lower one as that behind it. */
function halfBlocks({ rgb, width, height }: RgbPicture, colours: ChalkInstance): string {
  const pixel = (x: number, y: number): [number, number, number] => {
    const at = 3 * (Math.min(y, height - 1) * width + x);
    return [rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0];
  };
  let drawn = '';
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x++) drawn += colours.rgb(...pixel(x, y)).bgRgb(...pixel(x, y + 1))('▀');
    drawn += '\n';
  }
  return drawn;
}

/** `q=2`: the terminal answers nothing, for an answer would come in as keys. */
function kittyPieces(data: string, { columns, rows }: PreviewRoom): string {
  const pieces = data.match(new RegExp(`.{1,${KITTY_PIECE}}`, 'g')) ?? [];
  return pieces
    .map((piece, index) => {
      const head = index === 0 ? `a=T,f=100,q=2,c=${columns},r=${rows},` : '';
      return `\u001b_G${head}m=${index < pieces.length - 1 ? 1 : 0};${piece}\u001b\\`;
    })
    .join('');
}

async function base64(thumbnail: Thumbnail): Promise<string> {
  return Buffer.from(await thumbnail.png()).toString('base64');
}

function withAlpha({ rgb, width, height }: RgbPicture): Uint8Array {
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++)
    rgba.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
  return rgba;
}
