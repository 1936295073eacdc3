import type { AsideFormat } from './decoders/decoder.js';
import { looksLikeTarga } from './decoders/targa.js';
import { quote } from './quote.js';

/** What bytes seem to be, judged by how they begin, never by a file's name. */
export type Sniffed =
  | { readonly kind: 'decodable'; readonly name: string; readonly aside?: AsideFormat }
  | { readonly kind: 'foreign' | 'other'; readonly name: string }
  | { readonly kind: 'unknown' };

/** How files of decodable pictures are usually named. */
export const PICTURE_ENDINGS = [
  ...[
    'jpg',
    'jpeg',
    'png',
    'webp',
    'avif',
    'gif',
    'tif',
    'tiff',
    'svg',
    'heic',
    'heif',
    'hif',
    'jxl',
    'jp2',
    'j2k',
    'jpx',
  ],
  ...['bmp', 'ico', 'cur', 'tga', 'qoi', 'pbm', 'pgm', 'ppm', 'pam', 'pnm', 'pdf'],
];

/** Bytes that a check may look at. */
const LOOK_AT = 512;

/**
 * How bytes begin, what that tells, and whether it is a picture decoded here, a picture that must be converted,
 * or something else. The first that fits wins.
 */
const SIGNATURES: readonly (readonly [RegExp, string, 'decodable' | 'foreign' | 'other' | AsideFormat])[] = [
  [/^\xff\xd8\xff/, 'JPEG', 'decodable'],
  [/^\x89PNG\r\n/, 'PNG', 'decodable'],
  [/^RIFF[^]{4}WEBP/, 'WebP', 'decodable'],
  [/^[^]{4}ftypavi[fs]/, 'AVIF', 'decodable'],
  [/^GIF8[79]a/, 'GIF', 'decodable'],
  [/^(?:II[*+]\0|MM\0[*+])/, 'TIFF', 'decodable'],
  [/^\s*(?:<!doctype html|<html)/i, 'a web page', 'other'],
  [/^[^]{0,256}<svg[\s>]/, 'SVG', 'decodable'],
  [/^[^]{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)/, 'HEIC', 'heic'],
  [/^[^]{4}ftypcrx /, 'Canon CR3 raw', 'foreign'],
  [/^[^]{4}ftyp/, 'a video', 'other'],
  [/^BM[^]{8,12}[\x0c-\x7c]\0\0\0/, 'BMP', 'bmp'],
  // A directory of pictures, the first of which says that its fourth byte is zero and that it lies behind the directory.
  [/^\0\0[\x01\x02]\0[^\0]\0[^]{3}\0[^]{8}[^]{1,2}/, 'ICO', 'ico'],
  [/^8BPS/, 'Photoshop', 'foreign'],
  [/^(?:\xff\x0a|\0\0\0\x0cJXL )/, 'JPEG XL', 'jxl'],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, 'JPEG 2000', 'jp2'],
  // Mail programs and scanners put lines of their own before it.
  [/^[^]{0,256}%PDF-/, 'PDF', 'pdf'],
  [/^P[1-7][\s#]/, 'Netpbm', 'netpbm'],
  [/^qoif/, 'QOI', 'qoi'],
  [/^v\/1\x01/, 'OpenEXR', 'foreign'],
  [/^#\?R(?:ADIANCE|GBE)/, 'Radiance HDR', 'foreign'],
  [/^PK[\x03\x05]/, 'a ZIP archive', 'other'],
  [/^GGUF/, 'a GGUF weights file', 'other'],
  [/^version https:\/\/git-lfs/, 'a git-lfs pointer', 'other'],
];

function sniffed(name: string, kind: 'decodable' | 'foreign' | 'other' | AsideFormat): Sniffed {
  if (kind === 'foreign' || kind === 'other') return { kind, name };
  return kind === 'decodable' ? { kind, name } : { kind: 'decodable', name, aside: kind };
}

export function sniffFormat(bytes: Uint8Array): Sniffed {
  const start = bytes.subarray(0, LOOK_AT);
  const latin = Buffer.from(start).toString('latin1');
  const found = SIGNATURES.find(([signature]) => signature.test(latin));
  if (found !== undefined) return sniffed(found[1], found[2]);
  if (looksLikeTarga(start)) return sniffed('TGA', 'tga');
  // A character may be cut at the end of the view; control characters other than white space are no text.
  const text = new TextDecoder('utf-8').decode(start, { stream: start.length < bytes.length });
  if (/[^\P{Cc}\s]|\ufffd/u.test(text)) return { kind: 'unknown' };
  const firstLine = text.trimStart().split('\n', 1)[0]?.trimEnd() ?? '';
  return { kind: 'other', name: `text: ${quote(firstLine, 40)}` };
}
