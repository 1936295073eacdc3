import sharp from 'sharp';
import type { RgbPicture } from './resample.js';

/** A small copy of a picture, for showing. */
export interface Thumbnail extends RgbPicture {
  /** The same as a PNG file. */
  png(): Promise<Uint8Array>;
}

/** Scales a picture down to fit into `width` × `height` pixels, at least one each; a smaller one is scaled up. */
export async function makeThumbnail(picture: RgbPicture, width: number, height: number): Promise<Thumbnail> {
  const scale = Math.min(width / picture.width, height / picture.height);
  const to = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const rgb = await sharp(picture.rgb, { raw, limitInputPixels: false })
    .resize({ ...to, fit: 'fill' })
    .raw()
    .toBuffer();
  return {
    ...to,
    rgb,
    png: () =>
      sharp(rgb, { raw: { ...to, channels: 3 } })
        .png()
        .toBuffer(),
  };
}
