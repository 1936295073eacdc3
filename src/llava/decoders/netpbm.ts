import { DecodeProblem, needBytes, wholeRaster, type Decoder, type Raster } from './decoder.js';

/** Numbers of a header are short; comments are not. */
const LONGEST_HEADER = 65_536;

interface NetpbmHeader {
  readonly width: number;
  readonly height: number;
  /** Samples of a pixel: 1 or 2 are grey, 3 or 4 colours, even ones with alpha. */
  readonly depth: number;
  readonly maximum: number;
  readonly form: 'text' | 'bits' | 'bytes';
  /** Bitmaps say 1 for black. */
  readonly isBlackOne: boolean;
  readonly pixelsAt: number;
}

/** PBM, PGM, PPM and PAM, as text or bytes, up to 16 bits. Source: the formats' manual pages in Netpbm. */
export const netpbm: Decoder = { inspect: readHeader, decode: (bytes) => decode(bytes) };

function readHeader(bytes: Uint8Array): NetpbmHeader {
  const kind = (bytes[1] ?? 0) - 0x30;
  const header = kind === 7 ? readPamHeader(bytes) : readOldHeader(bytes, kind);
  const { width, height, depth, maximum, form, pixelsAt } = header;
  if (!(maximum >= 1 && maximum <= 65_535 && depth >= 1 && depth <= 4 && width >= 1 && height >= 1))
    throw new DecodeProblem('its header makes no sense');
  const samples = width * height * depth;
  const least = {
    text: samples,
    bits: Math.ceil(width / 8) * height,
    bytes: samples * (maximum > 255 ? 2 : 1),
  };
  needBytes(bytes, pixelsAt + least[form]);
  return header;
}

function readOldHeader(bytes: Uint8Array, kind: number): NetpbmHeader {
  const isBitmap = kind === 1 || kind === 4;
  const tokens = new Tokens(bytes, 2);
  const [width, height] = [tokens.number(), tokens.number()];
  const maximum = isBitmap ? 1 : tokens.number();
  return {
    width,
    height,
    depth: kind === 3 || kind === 6 ? 3 : 1,
    maximum,
    form: kind < 4 ? 'text' : isBitmap ? 'bits' : 'bytes',
    isBlackOne: isBitmap,
    // One white space ends the header.
    pixelsAt: tokens.at + 1,
  };
}

function readPamHeader(bytes: Uint8Array): NetpbmHeader {
  const text = Buffer.from(bytes.subarray(0, LONGEST_HEADER)).toString('latin1');
  const end = /^ENDHDR[^\n]*\n/m.exec(text);
  if (end === null) throw new DecodeProblem('its header has no end');
  const field = (name: string) =>
    Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text.slice(0, end.index))?.[1]);
  return {
    width: field('WIDTH'),
    height: field('HEIGHT'),
    depth: field('DEPTH'),
    maximum: field('MAXVAL'),
    form: 'bytes',
    isBlackOne: false,
    pixelsAt: end.index + end[0].length,
  };
}

function decode(bytes: Uint8Array): Raster {
  const { width, height, depth, maximum, isBlackOne, ...source } = readHeader(bytes);
  const readSample = sampleReader(bytes, { width, depth, maximum, ...source });
  const scale = (value: number) => {
    const byte = Math.round((Math.min(value, maximum) * 255) / maximum);
    return isBlackOne ? 255 - byte : byte;
  };
  const data = new Uint8Array(width * height * 4);
  for (let to = 0; to < data.length; to += 4) {
    const first = scale(readSample());
    if (depth < 3) data.fill(first, to, to + 3);
    else {
      data[to] = first;
      data[to + 1] = scale(readSample());
      data[to + 2] = scale(readSample());
    }
    data[to + 3] = depth % 2 === 0 ? scale(readSample()) : 255;
  }
  return wholeRaster(width, height, 4, data);
}

type Source = Pick<NetpbmHeader, 'width' | 'depth' | 'maximum' | 'form' | 'pixelsAt'>;

/** Reads one sample after the other. */
function sampleReader(bytes: Uint8Array, { width, maximum, form, pixelsAt }: Source): () => number {
  if (form === 'text') {
    const tokens = new Tokens(bytes, pixelsAt - 1);
    return maximum === 1 ? () => tokens.digit() : () => tokens.number();
  }
  let at = pixelsAt;
  if (form === 'bytes') {
    if (maximum < 256) return () => bytes[at++] ?? 0;
    return () => (bytes[at++] ?? 0) * 256 + (bytes[at++] ?? 0);
  }
  let x = 0;
  return () => {
    const bit = ((bytes[at] ?? 0) >> (7 - (x % 8))) & 1;
    x++;
    if (x % 8 === 0 || x === width) at++;
    if (x === width) x = 0;
    return bit;
  };
}

/** Numbers between white space and comments. */
class Tokens {
  readonly #bytes: Uint8Array;
  /** Behind what was read last. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    this.#skip();
    const start = this.at;
    let value = 0;
    for (let byte = this.#bytes[start]; isDigit(byte); byte = this.#bytes[this.at]) {
      value = Math.min(value * 10 + byte - 0x30, 2 ** 32);
      this.at++;
    }
    if (this.at === start) this.#fail();
    return value;
  }

  /** One digit, which may touch the next one. */
  digit(): number {
    this.#skip();
    const byte = this.#bytes[this.at++];
    return isDigit(byte) ? byte - 0x30 : this.#fail();
  }

  #skip(): void {
    for (let isComment = false; ; this.at++) {
      const byte = this.#bytes[this.at];
      if (byte === 0x23) isComment = true;
      else if (byte === 0x0a || byte === 0x0d) isComment = false;
      else if (byte === undefined || !(isComment || isSpace(byte))) return;
    }
  }

  #fail(): never {
    needBytes(this.#bytes, this.at + 1);
    throw new DecodeProblem('there is no number where one should be');
  }
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
