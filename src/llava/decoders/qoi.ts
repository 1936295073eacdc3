import { needBytes, wholeRaster, type Decoder, type Raster } from './decoder.js';

const HEADER = 14;
/** Seven zeros and a one close the file. */
const END = 8;
/** Pixels that one byte can stand for. */
const LONGEST_RUN = 62;

/** The Quite OK Image format. Source: its specification, version 1.0. */
export const qoi: Decoder = { inspect: readHeader, decode: (bytes) => decode(bytes) };

function readHeader(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(4), view.getUint32(8)];
  // So that a header alone reserves no memory.
  needBytes(bytes, HEADER + Math.ceil((width * height) / LONGEST_RUN) + END);
  return { width, height };
}

function decode(bytes: Uint8Array): Raster {
  const { width, height } = readHeader(bytes);
  const data = new Uint8Array(width * height * 4);
  const seen = new Uint8Array(64 * 4);
  let at = HEADER;
  let [r, g, b, a] = [0, 0, 0, 255];
  let run = 0;
  const next = () => {
    if (at >= bytes.length - END) needBytes(bytes, at + END + 1);
    return bytes[at++] ?? 0;
  };
  for (let to = 0; to < data.length; to += 4) {
    if (run > 0) run--;
    else {
      const tag = next();
      if (tag === 0xfe || tag === 0xff) {
        [r, g, b] = [next(), next(), next()];
        if (tag === 0xff) a = next();
      } else if (tag >> 6 === 0) {
        const place = tag * 4;
        [r, g, b, a] = [seen[place] ?? 0, seen[place + 1] ?? 0, seen[place + 2] ?? 0, seen[place + 3] ?? 0];
      } else if (tag >> 6 === 1) {
        r = (r + ((tag >> 4) & 3) - 2) & 255;
        g = (g + ((tag >> 2) & 3) - 2) & 255;
        b = (b + (tag & 3) - 2) & 255;
      } else if (tag >> 6 === 2) {
        const green = (tag & 63) - 32;
        const rest = next();
        r = (r + green + (rest >> 4) - 8) & 255;
        g = (g + green) & 255;
        b = (b + green + (rest & 15) - 8) & 255;
      } else run = tag & 63;
      const place = ((r * 3 + g * 5 + b * 7 + a * 11) % 64) * 4;
      seen[place] = r;
      seen[place + 1] = g;
      seen[place + 2] = b;
      seen[place + 3] = a;
    }
    data[to] = r;
    data[to + 1] = g;
    data[to + 2] = b;
    data[to + 3] = a;
  }
  return wholeRaster(width, height, 4, data);
}
