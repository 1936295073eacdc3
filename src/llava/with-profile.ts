import type { RgbPicture } from './resample.js';

const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;

/** Bytes of the header, and of each entry of the directory behind it. */
const HEADER = 8;
const ENTRY = 12;

/** The picture as an uncompressed TIFF, which says what profile its numbers are in. Source: TIFF 6.0; ICC.1, annex B.4. */
export function withProfile({ rgb, width, height }: RgbPicture, profile: Uint8Array): Uint8Array {
  const entries = 10;
  const directoryEnd = HEADER + 2 + entries * ENTRY + 4;
  const depthsAt = directoryEnd;
  const profileAt = depthsAt + 6;
  const pixelsAt = profileAt + profile.length;
  const head = Buffer.alloc(profileAt);
  head.write('II', 0, 'latin1');
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(HEADER, 4);
  head.writeUInt16LE(entries, HEADER);
  const fields: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 3, depthsAt],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, 1, pixelsAt],
    [277, SHORT, 1, 3],
    [278, LONG, 1, height],
    [279, LONG, 1, rgb.length],
    [34_675, UNDEFINED, profile.length, profileAt],
  ];
  for (const [index, [tag, type, count, value]] of fields.entries()) {
    const at = HEADER + 2 + index * ENTRY;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    head.writeUInt32LE(value, at + 8);
  }
  for (let channel = 0; channel < 3; channel++) head.writeUInt16LE(8, depthsAt + 2 * channel);
  return Buffer.concat([head, profile, rgb]);
}
