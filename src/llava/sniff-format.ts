import { quote } from './quote.js';

/** What bytes seem to be, judged by how they begin, never by a file's name. */
export type Sniffed =
  { readonly kind: 'decodable' | 'foreign' | 'other'; readonly name: string } | { readonly kind: 'unknown' };

/** How files of decodable pictures are usually named. */
export const PICTURE_ENDINGS = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif', 'tif', 'tiff', 'svg'] as const;

/** Bytes that a check may look at. */
const LOOK_AT = 512;

/**
 * How bytes begin, what that tells, and whether it is a picture decoded here, a picture that must be converted,
 * or something else. The first that fits wins.
 */
const SIGNATURES: readonly (readonly [RegExp, string, 'decodable' | 'foreign' | 'other'])[] = [
  [/^\xff\xd8\xff/, 'JPEG', 'decodable'],
  [/^\x89PNG\r\n/, 'PNG', 'decodable'],
  [/^RIFF[^]{4}WEBP/, 'WebP', 'decodable'],
  [/^[^]{4}ftypavi[fs]/, 'AVIF', 'decodable'],
  [/^GIF8[79]a/, 'GIF', 'decodable'],
  [/^(?:II[*+]\0|MM\0[*+])/, 'TIFF', 'decodable'],
  [/^\s*(?:<!doctype html|<html)/i, 'a web page', 'other'],
  [/^[^]{0,256}<svg[\s>]/, 'SVG', 'decodable'],
  [/^[^]{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)/, 'HEIC', 'foreign'],
  [/^[^]{4}ftypcrx /, 'Canon CR3 raw', 'foreign'],
  [/^[^]{4}ftyp/, 'a video', 'other'],
  [/^BM[^]{4}\0\0\0\0/, 'BMP', 'foreign'],
  [/^\0\0[\x01\x02]\0[^]\0/, 'ICO', 'foreign'],
  [/^8BPS/, 'Photoshop', 'foreign'],
  [/^(?:\xff\x0a|\0\0\0\x0cJXL )/, 'JPEG XL', 'foreign'],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, 'JPEG 2000', 'foreign'],
  [/^%PDF/, 'PDF', 'foreign'],
  [/^P[1-7]\s/, 'Netpbm', 'foreign'],
  [/^qoif/, 'QOI', 'foreign'],
  [/^v\/1\x01/, 'OpenEXR', 'foreign'],
  [/^#\?R(?:ADIANCE|GBE)/, 'Radiance HDR', 'foreign'],
  [/^PK[\x03\x05]/, 'a ZIP archive', 'other'],
  [/^GGUF/, 'a GGUF weights file', 'other'],
  [/^version https:\/\/git-lfs/, 'a git-lfs pointer', 'other'],
];

export function sniffFormat(bytes: Uint8Array): Sniffed {
  const start = bytes.subarray(0, LOOK_AT);
  const latin = Buffer.from(start).toString('latin1');
  const found = SIGNATURES.find(([signature]) => signature.test(latin));
  if (found !== undefined) return { kind: found[2], name: found[1] };
  // A character may be cut at the end of the view; control characters other than white space are no text.
  const text = new TextDecoder('utf-8').decode(start, { stream: start.length < bytes.length });
  if (/[^\P{Cc}\s]|\ufffd/u.test(text)) return { kind: 'unknown' };
  const firstLine = text.trimStart().split('\n', 1)[0]?.trimEnd() ?? '';
  return { kind: 'other', name: `text: ${quote(firstLine, 40)}` };
}
