import sharp, { type Sharp } from 'sharp';
import { renderFrame } from './apng.js';
import type { AsideFormat, Decoded, Raster } from './decoders/decoder.js';
import { DRAWING_SIDE } from './drawing-side.js';
import { infoOf, type Picture, type PictureInfo } from './picture.js';
import { undecodable } from './picture-error.js';
import type { RgbPicture } from './resample.js';
import { asStillAvif } from './still-avif.js';
import { withProfile } from './with-profile.js';

/** A whole picture, upright, as interleaved RGB bytes. */
export interface DecodedPicture extends RgbPicture {
  readonly info: PictureInfo;
}

/** Dots per inch at which an SVG's own size counts in pixels. */
const SVG_DENSITY = 72;

/**
 * Decodes a picture at full size to what `Image.open(…).convert('RGB')` of Pillow gives, apart from three wishes
 * of users: it is turned upright (unless opened with `exif: false`), transparency shows white, and CMYK with a
 * profile goes through that profile. RGB and grey profiles are ignored as they are there, unless it was opened with
 * `colourManaged`; 16-bit channels keep their high byte. Of several frames or pages the one that was opened is taken;
 * SVGs and pages of PDFs are drawn at 1024 pixels, and cannot reach other files, since only their bytes are handed over.
 * @throws ExpectedError 'input' when the picture is damaged or cut off anywhere, unless it was opened to be repaired.
 */
export async function decodePicture(picture: Picture): Promise<DecodedPicture> {
  try {
    const rgb = await decode(picture);
    if (picture.repaired === true && isBlank(rgb.rgb)) throw new Error('nothing of it is left');
    return { ...rgb, info: infoOf(picture) };
  } catch (error) {
    throw undecodable(picture.label, error);
  }
}

async function decode(picture: Picture): Promise<RgbPicture> {
  const { format, bytes, index, count } = picture;
  if (isAside(picture)) return await decodeByOthers(picture);
  if (format === 'png' && index !== undefined && count > 1) {
    const { data, width, height } = await renderFrame(bytes, index);
    return { rgb: toRgb(data, width * height, 4, false), width, height };
  }
  return await readPixels(decoder(picture), picture.plainCmyk);
}

async function readPixels(image: Sharp, isCmyk: boolean): Promise<RgbPicture> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { rgb: toRgb(data, width * height, channels, isCmyk), width, height };
}

function decoder(picture: Picture): Sharp {
  const { bytes, format, index = 0, width, height, exif, maxPixels, plainCmyk, colourManaged } = picture;
  const isDrawing = format === 'svg';
  const density = (SVG_DENSITY * DRAWING_SIDE) / Math.max(width, height);
  const image = sharp(asStillAvif(bytes), {
    // Stricter than the default where it must be (a TIFF cut off is an "error"), milder about mere warnings.
    failOn: picture.repaired === true ? 'none' : 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: !colourManaged,
    ...(index === 0 ? {} : { page: index }),
    ...(isDrawing ? { density: Math.min(Math.max(density, 1), 100_000) } : {}),
  });
  // Pillow itself turns TIFFs.
  if (exif || format === 'tiff') image.autoOrient();
  return plainCmyk ? image.pipelineColourspace('cmyk').toColourspace('cmyk') : image;
}

type AsidePicture = Picture & { readonly format: AsideFormat };

function isAside(picture: Picture): picture is AsidePicture {
  return picture.isAside;
}

async function decodeByOthers({
  format,
  bytes,
  index = 0,
  pieces,
  ...picture
}: AsidePicture): Promise<RgbPicture> {
  const { decodeAside } = await import('./decoder-pool.js');
  const decoded = await decodeAside({ format, bytes, index }, pieces);
  const options = {
    failOn: 'error',
    limitInputPixels: picture.maxPixels,
    ignoreIcc: !picture.colourManaged,
  } as const;
  const [first] = decoded;
  if (first === undefined) throw new Error('damaged data');
  if ('png' in first) return await readPixels(sharp(first.png, options), false);
  const { width, height, profile } = first;
  const rgb = { rgb: joinPieces(decoded, first), width, height };
  if (profile === undefined || !picture.colourManaged) return rgb;
  return await readPixels(sharp(withProfile(rgb, profile), options), false);
}

/** The whole picture of its pieces; what of them lies beyond it is cut off. */
function joinPieces(decoded: readonly Decoded[], { width, height, channels }: Raster): Uint8Array {
  const pieces = decoded.flatMap((share) => ('png' in share ? [] : share.pieces));
  const [only] = pieces;
  const isWhole = pieces.length === 1 && only?.width === width && only.height === height;
  const data = isWhole ? only.data : new Uint8Array(width * height * channels);
  let covered = 0;
  for (const piece of isWhole ? [] : pieces) {
    const skipped = Math.max(-piece.left, 0);
    const columns = Math.min(piece.width, width - piece.left) - skipped;
    for (let y = Math.max(-piece.top, 0); y < piece.height && piece.top + y < height && columns > 0; y++) {
      const from = (y * piece.width + skipped) * channels;
      const to = ((piece.top + y) * width + piece.left + skipped) * channels;
      data.set(piece.data.subarray(from, from + columns * channels), to);
      covered += columns;
    }
  }
  if (!isWhole && covered !== width * height) throw new Error('its tiles do not make up a picture');
  return toRgb(data, width * height, channels, false);
}

/** Less than a twentieth of it differs from its end: what decoders fill in for what is missing. */
function isBlank(rgb: Uint8Array): boolean {
  const end = rgb.subarray(-3);
  let different = 0;
  for (let at = 0; at < rgb.length; at += 3)
    if (rgb[at] !== end[0] || rgb[at + 1] !== end[1] || rgb[at + 2] !== end[2]) different++;
  return different < rgb.length / 60;
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
