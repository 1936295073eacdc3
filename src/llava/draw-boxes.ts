import sharp from 'sharp';
import type { Box } from './box.js';
import type { DecodedPicture } from './decode-picture.js';

/** Whose box it is tells its look: the model's is red, one that the question or the truth gives is green and dashed. */
export type BoxRole = 'answer' | 'given';

export interface DrawnBox {
  /** Whole pixels of the upright picture, as its header says its size. */
  readonly box: Box;
  readonly role: BoxRole;
}

const COLOURS: Record<BoxRole, string> = { answer: '#ff2d20', given: '#00c853' };

/** Lines are this share of the longer side, so that they are seen in a thumbnail as well. */
const LINE_SHARE = 1 / 160;
const THINNEST_LINE = 2;

/** The picture with boxes on it, upright and at full size, as the bytes of a PNG. */
export async function drawBoxes(picture: DecodedPicture, boxes: readonly DrawnBox[]): Promise<Uint8Array> {
  const { rgb, width, height } = picture;
  return await sharp(rgb, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(overlay(picture, boxes)) }])
    .png()
    .toBuffer();
}

/** A drawing (SVG) is decoded at another size than its header's, which boxes are told in. */
function overlay({ width, height, info }: DecodedPicture, boxes: readonly DrawnBox[]): string {
  const line = Math.max(THINNEST_LINE, Math.round(Math.max(width, height) * LINE_SHARE));
  const scale = { x: width / info.width, y: height / info.height };
  const rectangle = ({ box: [x1, y1, x2, y2] }: DrawnBox, look: string) =>
    `<rect x="${x1 * scale.x}" y="${y1 * scale.y}" width="${(x2 - x1) * scale.x}" height="${(y2 - y1) * scale.y}" fill="none" ${look}/>`;
  const shapes = [
    // White beneath all lines sets them off from any picture.
    ...boxes.map((box) => rectangle(box, `stroke="white" stroke-width="${2 * line}"`)),
    ...boxes.map((box) => {
      const dashes = box.role === 'given' ? ` stroke-dasharray="${3 * line} ${2 * line}"` : '';
      return rectangle(box, `stroke="${COLOURS[box.role]}" stroke-width="${line}"${dashes}`);
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
}
