import sharp, { type Sharp } from 'sharp';
import { infoOf, type Picture, type PictureInfo } from './picture.js';
import { pictureError } from './picture-error.js';
import type { RgbPicture } from './resample.js';

/** A whole picture, upright, as interleaved RGB bytes. */
export interface DecodedPicture extends RgbPicture {
  readonly info: PictureInfo;
}

/** Longest side, in pixels, that drawings without pixels of their own are drawn at. */
const DRAWING_SIDE = 1024;
/** Dots per inch at which an SVG's own size counts in pixels. */
const SVG_DENSITY = 72;

/**
 * Decodes a picture at full size to what `Image.open(…).convert('RGB')` of Pillow gives, apart from three wishes
 * of users: it is turned upright (unless opened with `exif: false`), transparency shows white, and CMYK with a
 * profile goes through that profile. RGB and grey profiles are ignored as they are there, 16-bit channels keep
 * their high byte. Of several frames or pages the first is taken; SVGs are drawn at 1024 pixels, and cannot
 * reach other files, since only their bytes are handed over.
 * @throws ExpectedError 'input' when the picture is damaged or cut off anywhere.
 */
export async function decodePicture(picture: Picture): Promise<DecodedPicture> {
  const { label } = picture;
  try {
    const { data, info } = await decoder(picture)
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb = toRgb(data, info.width * info.height, info.channels, picture.plainCmyk);
    return { rgb, width: info.width, height: info.height, info: infoOf(picture) };
  } catch (error) {
    const problem = `cannot be decoded: ${reasonOf(error)}`;
    throw pictureError(label, problem, 'It seems damaged or cut off; save or fetch it again.', error);
  }
}

function decoder({ bytes, format, width, height, exif, maxPixels, plainCmyk }: Picture): Sharp {
  const isDrawing = format === 'svg';
  const density = (SVG_DENSITY * DRAWING_SIDE) / Math.max(width, height);
  const image = sharp(bytes, {
    // Stricter than the default where it must be (a TIFF cut off is an "error"), milder about mere warnings.
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: true,
    ...(isDrawing ? { density: Math.min(Math.max(density, 1), 100_000) } : {}),
  });
  // Pillow itself turns TIFFs.
  if (exif || format === 'tiff') image.autoOrient();
  return plainCmyk ? image.pipelineColourspace('cmyk').toColourspace('cmyk') : image;
}

/** Packs decoded channels to three in place; what lies beyond is cut off. */
function toRgb(data: Uint8Array, pixels: number, channels: number, isCmyk: boolean): Uint8Array {
  if (channels !== 3 && channels !== 4) throw new Error(`${channels} channels per pixel`);
  if (channels === 4) {
    if (isCmyk) packCmyk(data, pixels);
    else packOnWhite(data, pixels);
  }
  return data.subarray(0, pixels * 3);
}

/** `colour · alpha + white · (1 − alpha)`, rounded: what Pillow's `paste` with a mask gives. */
function packOnWhite(data: Uint8Array, pixels: number): void {
  for (let from = 0, to = 0; from < pixels * 4; from += 4, to += 3) {
    const alpha = data[from + 3] ?? 0;
    const white = 255 * (255 - alpha);
    for (let i = 0; i < 3; i++) data[to + i] = over255((data[from + i] ?? 0) * alpha + white);
  }
}

/** Ink without a profile: each channel is `(1 − ink)(1 − black)`. Source: Pillow, `cmyk2rgb`. */
function packCmyk(data: Uint8Array, pixels: number): void {
  for (let from = 0, to = 0; from < pixels * 4; from += 4, to += 3) {
    const light = 255 - (data[from + 3] ?? 0);
    for (let i = 0; i < 3; i++) data[to + i] = light - over255((data[from + i] ?? 0) * light);
  }
}

/** `value / 255` rounded, for values from 0 to 255². */
function over255(value: number): number {
  const rounded = value + 128;
  return ((rounded >> 8) + rounded) >> 8;
}

/** The first telling line of the image library's report. */
function reasonOf(error: unknown): string {
  const lines = error instanceof Error ? error.message.split('\n') : [];
  const telling = lines.find((line) => line !== '' && !line.startsWith('source: bad seek'));
  return telling?.replace(/^(?:\w+: )?(?:Input buffer has corrupt header: )?/, '').trim() ?? 'damaged data';
}
