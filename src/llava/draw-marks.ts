import sharp from 'sharp';
import type { Box } from './box.js';
import type { DecodedPicture } from './decode-picture.js';
import type { Mark } from './mark.js';
import { placePoint, placeRegion } from './region.js';

/**
 * Widths of lines and radii of points, as shares of the longer side: 3 and 8 pixels where the model sees 336. Source:
 * ViP-LLaVA's constant style (`image_blending`).
 */
const LINE_SHARE = 3 / 336;
const RADIUS_SHARE = 8 / 336;

/**
 * The picture with its marks, as the model is to see it; without marks, the picture itself.
 * @throws ExpectedError('input') when a mark reaches out of the picture
 */
export async function drawMarks(picture: DecodedPicture, marks: readonly Mark[]): Promise<DecodedPicture> {
  if (marks.length === 0) return picture;
  const { rgb, width, height } = picture;
  const drawn = await sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .composite([{ input: Buffer.from(overlay(picture, marks)) }])
    .removeAlpha()
    .raw()
    .toBuffer();
  return { ...picture, rgb: drawn };
}

/** A drawing (SVG) is decoded at another size than its header's, which places are told in. */
function overlay({ width, height, info }: DecodedPicture, marks: readonly Mark[]): string {
  const scale = { x: width / info.width, y: height / info.height };
  const line = Math.max(1, Math.floor(Math.max(width, height) * LINE_SHARE));
  const shapes = marks.map((mark) => {
    if (mark.shape === 'point') {
      const [x, y] = placePoint(mark.point, info);
      const radius = Math.max(1, Math.floor(Math.max(width, height) * RADIUS_SHARE));
      return `<circle cx="${x * scale.x}" cy="${y * scale.y}" r="${radius}" fill="${mark.colour}"/>`;
    }
    const [x1, y1, x2, y2] = placeRegion(mark.region, info);
    const box: Box = [x1 * scale.x, y1 * scale.y, x2 * scale.x, y2 * scale.y];
    const look = `fill="none" stroke="${mark.colour}" stroke-width="${line}"`;
    return mark.shape === 'box' ? rectangle(box, line, look) : ellipse(box, look);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
}

/** The line lies inside the box, so that it is whole at the picture's edge as well. */
function rectangle([x1, y1, x2, y2]: Box, line: number, look: string): string {
  const inset = Math.min(line, x2 - x1, y2 - y1) / 2;
  const [width, height] = [x2 - x1 - 2 * inset, y2 - y1 - 2 * inset];
  return `<rect x="${x1 + inset}" y="${y1 + inset}" width="${width}" height="${height}" ${look}/>`;
}

function ellipse([x1, y1, x2, y2]: Box, look: string): string {
  return `<ellipse cx="${(x1 + x2) / 2}" cy="${(y1 + y2) / 2}" rx="${(x2 - x1) / 2}" ry="${(y2 - y1) / 2}" ${look}/>`;
}
