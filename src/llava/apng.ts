import sharp from 'sharp';

/** Frames are drawn for so long, so that no file can hold up what waits for it. */
const MOST_MS = 10_000;

/** A frame: where it lies, what becomes of it, and its pixels as a PNG. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly disposal: number;
  readonly isBlended: boolean;
  readonly data: Buffer[];
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** How many frames the PNG has, 1 when it stands still. Source: PNG, third edition, `acTL`. */
export function countFrames(png: Uint8Array): number {
  for (const { type, data } of chunksOf(png)) {
    if (type === 'acTL' && data.length >= 8) return Math.max(data.readUInt32BE(0), 1);
    if (type === 'IDAT') return 1;
  }
  return 1;
}

/**
 * A frame as it is seen, on all that was drawn before it: RGBA, eight bits each.
 * @param index from 0
 * @throws Error when it is damaged before that frame's end
 */
export async function renderFrame(
  png: Uint8Array,
  index: number,
): Promise<{ data: Uint8Array; width: number; height: number }> {
  const { header, shared, frames } = readFrames(png, index);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const canvas = Buffer.alloc(width * height * 4);
  const end = performance.now() + MOST_MS;
  for (const [place, frame] of frames.entries()) {
    const before = frame.disposal === 2 ? Buffer.from(canvas) : undefined;
    if (frame.left + frame.width > width || frame.top + frame.height > height || frame.data.length === 0)
      throw new Error(`frame ${place + 1} is damaged`);
    if (performance.now() > end) throw new Error(`it takes more than ${MOST_MS / 1000} seconds`);
    const pixels = await decodeFrame(header, shared, frame);
    draw(canvas, width, frame, pixels);
    if (place === index) break;
    if (before !== undefined) before.copy(canvas);
    if (frame.disposal === 1) clear(canvas, width, frame);
  }
  if (frames.length <= index) throw new Error(`frame ${index + 1} is missing`);
  return { data: canvas, width, height };
}

/** Frames up to `last`, with the chunks that all of them share: palette, transparency, and what else decoding needs. */
function readFrames(png: Uint8Array, last: number): { header: Buffer; shared: Chunk[]; frames: Frame[] } {
  const shared: Chunk[] = [];
  const frames: Frame[] = [];
  let header = Buffer.alloc(13);
  for (const { type, data } of chunksOf(png)) {
    if (type === 'IHDR' && data.length === 13) header = Buffer.from(data);
    else if (type === 'fcTL' && data.length >= 26) {
      if (frames.length > last) break;
      frames.push({
        width: data.readUInt32BE(4),
        height: data.readUInt32BE(8),
        left: data.readUInt32BE(12),
        top: data.readUInt32BE(16),
        disposal: data.readUInt8(24),
        isBlended: data.readUInt8(25) === 1,
        data: [],
      });
    } else if (type === 'IDAT') frames.at(-1)?.data.push(data);
    else if (type === 'fdAT') frames.at(-1)?.data.push(data.subarray(4));
    else if (type === 'PLTE' || type === 'tRNS') shared.push({ type, data });
  }
  return { header, shared, frames };
}

async function decodeFrame(header: Buffer, shared: readonly Chunk[], frame: Frame): Promise<Buffer> {
  const own = Buffer.from(header);
  own.writeUInt32BE(frame.width, 0);
  own.writeUInt32BE(frame.height, 4);
  const chunks = [
    { type: 'IHDR', data: own },
    ...shared,
    { type: 'IDAT', data: Buffer.concat(frame.data) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ];
  const png = Buffer.concat([SIGNATURE, ...chunks.map(writeChunk)]);
  return await sharp(png, { failOn: 'error' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer();
}

/** Over what is there, or in its place. Source: `APNG_BLEND_OP_OVER`, rounded. */
function draw(
  canvas: Buffer,
  canvasWidth: number,
  { left, top, width, height, isBlended }: Frame,
  pixels: Buffer,
): void {
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const to = ((top + y) * canvasWidth + left + x) * 4;
      const alpha = pixels[from + 3] ?? 0;
      const under = canvas[to + 3] ?? 0;
      if (!isBlended || alpha === 255 || under === 0) pixels.copy(canvas, to, from, from + 4);
      else if (alpha > 0) {
        const [above, below] = [alpha * 255, (255 - alpha) * under];
        for (let channel = 0; channel < 3; channel++)
          canvas[to + channel] = Math.round(
            ((pixels[from + channel] ?? 0) * above + (canvas[to + channel] ?? 0) * below) / (above + below),
          );
        canvas[to + 3] = Math.round((above + below) / 255);
      }
    }
}

function clear(canvas: Buffer, canvasWidth: number, { left, top, width, height }: Frame): void {
  for (let y = top; y < top + height; y++)
    canvas.fill(0, (y * canvasWidth + left) * 4, (y * canvasWidth + left + width) * 4);
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function* chunksOf(png: Uint8Array): Generator<Chunk> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) return;
    yield {
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
    };
    at += 12 + length;
  }
}

function writeChunk({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** `zlib.crc32` of Node 20.15 and later. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
