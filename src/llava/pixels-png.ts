import sharp from 'sharp';
import type { SquarePixels } from './pixels.js';

/** The pixels as a PNG, without loss. */
export async function pixelsPng({ size, rgb }: SquarePixels): Promise<Uint8Array> {
  return await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
}
