import libheif, { type Libheif } from 'libheif-js/libheif-wasm/libheif.js';
import wasm from 'libheif-js/libheif-wasm/libheif.wasm';
import { readWasm } from './load-wasm.js';
import { DecodeProblem, type Decoder, type Header, type Piece, type Raster, type Share } from './decoder.js';

/** Values of libheif's C interface. Source: heif_image.h. */
const RGB = 1;
const INTERLEAVED = { 3: 10, 4: 11 } as const;
const INTERLEAVED_CHANNEL = 10;

/**
 * The export behind `_de265_set_parameter_bool` of libheif.js 1.23.2. libheif uses it in browsers to leave out deblocking and
 * the sample-adaptive offset, for speed; without it, the decoder gives the pixels that the standard says.
 */
const SET_PARAMETER = 'Di';

/** `heif_image_tiling`: a version, then numbers of four bytes. */
const TILING_BYTES = 64;
/** `heif_error`: two numbers and a text. */
const ERROR_BYTES = 12;

/** The picture and its tiles, in pixels, turned as the container says. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** What the first column and row lack: turning moves the rest of the last ones there. */
  readonly left: number;
  readonly top: number;
}

/** A file in the decoder's memory; its primary picture: thumbnails, depth and further pictures are left aside. */
interface OpenFile extends Layout {
  readonly lib: Libheif;
  /** Pointer to the picture. */
  readonly handle: number;
}

/** HEIC by libheif: grids, 10 bits, turned and mirrored as the container says. A grid's tiles are its pieces. */
export const heic: Decoder = {
  async inspect(bytes) {
    return await withFile(bytes, ({ width, height, columns, rows }): Header => {
      return { width, height, pieces: columns * rows };
    });
  },
  async decode(bytes, _index, share) {
    return await withFile(bytes, (file) => decodeShare(file, share));
  },
};

let loading: Promise<Libheif> | undefined;

async function load(): Promise<Libheif> {
  const lib = libheif({ wasmBinary: await readWasm(wasm, SET_PARAMETER) });
  await lib.ready;
  return lib;
}

async function withFile<Result>(
  bytes: Uint8Array<ArrayBuffer>,
  use: (file: OpenFile) => Result,
): Promise<Result> {
  const lib = await (loading ??= load());
  const context = lib._heif_context_alloc();
  const copy = lib._malloc(bytes.length);
  const slot = lib._malloc(TILING_BYTES);
  const problem = lib._malloc(ERROR_BYTES);
  if (copy === 0) throw new DecodeProblem('it takes too much memory');
  try {
    lib.HEAPU8.set(bytes, copy);
    lib._heif_context_read_from_memory_without_copy(problem, context, copy, bytes.length, 0);
    check(lib, problem);
    lib._heif_context_get_primary_image_handle(problem, context, slot);
    check(lib, problem);
    const handle = word(lib, slot);
    lib._heif_image_handle_get_image_tiling(problem, handle, 1, slot);
    check(lib, problem);
    const tiling = Array.from({ length: 8 }, (_, index) => word(lib, slot + 4 + 4 * index));
    const result = use({ lib, handle, ...layoutOf(lib, handle, tiling) });
    lib._heif_image_handle_release(handle);
    return result;
  } finally {
    for (const pointer of [copy, slot, problem]) lib._free(pointer);
    lib._heif_context_free(context);
  }
}

/** Where the tiles are; one tile where they cannot be decoded by themselves: a crop or transparency lies over them. */
function layoutOf(lib: Libheif, handle: number, tiling: readonly number[]): Layout {
  const width = lib._heif_image_handle_get_width(handle);
  const height = lib._heif_image_handle_get_height(handle);
  const channels = lib._heif_image_handle_has_alpha_channel(handle) === 0 ? 3 : 4;
  const [columns = 1, rows = 1, tileWidth = 0, tileHeight = 0, gridWidth, gridHeight, above = 0, before = 0] =
    tiling;
  if (columns * rows > 1 && channels === 3 && gridWidth === width && gridHeight === height) {
    // libheif says the rest of the last tile where it means what is missing of it.
    const left = before > 0 ? columns * tileWidth - width : 0;
    const top = above > 0 ? rows * tileHeight - height : 0;
    return { width, height, channels, columns, rows, tileWidth, tileHeight, left, top };
  }
  const whole = { columns: 1, rows: 1, tileWidth: width, tileHeight: height, left: 0, top: 0 };
  return { width, height, channels, ...whole };
}

function decodeShare(file: OpenFile, { index, count }: Share): Raster {
  const { lib, handle, width, height, channels, columns, rows } = file;
  const pieces: Piece[] = [];
  for (let tile = index; tile < columns * rows; tile += count) pieces.push(decodeTile(file, tile));
  const bytes = lib._heif_image_handle_get_raw_color_profile_size(handle);
  const raster = { width, height, channels, pieces };
  if (bytes === 0) return raster;
  const [problem, copy] = [lib._malloc(ERROR_BYTES), lib._malloc(bytes)];
  lib._heif_image_handle_get_raw_color_profile(problem, handle, copy);
  const profile = lib.HEAPU8.slice(copy, copy + bytes);
  for (const pointer of [problem, copy]) lib._free(pointer);
  return { ...raster, profile };
}

function decodeTile(file: OpenFile, tile: number): Piece {
  const { lib, handle, columns, rows, channels, tileWidth, tileHeight, left, top } = file;
  const problem = lib._malloc(ERROR_BYTES);
  const slot = lib._malloc(4);
  const [column, row] = [tile % columns, Math.floor(tile / columns)];
  const chroma = INTERLEAVED[channels];
  if (columns * rows === 1) lib._heif_decode_image(problem, handle, slot, RGB, chroma, 0);
  else lib._heif_image_handle_decode_image_tile(problem, handle, slot, RGB, chroma, 0, column, row);
  check(lib, problem);
  const image = word(lib, slot);
  const width = lib._heif_image_get_width(image, INTERLEAVED_CHANNEL);
  const height = lib._heif_image_get_height(image, INTERLEAVED_CHANNEL);
  const plane = lib._heif_image_get_plane_readonly(image, INTERLEAVED_CHANNEL, slot);
  const stride = word(lib, slot);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = plane + y * stride;
    data.set(lib.HEAPU8.subarray(from, from + width * channels), y * width * channels);
  }
  lib._heif_image_release(image);
  for (const pointer of [problem, slot]) lib._free(pointer);
  return { left: column * tileWidth - left, top: row * tileHeight - top, width, height, data };
}

function word(lib: Libheif, pointer: number): number {
  return lib.HEAPU32[pointer >>> 2] ?? 0;
}

/** @throws DecodeProblem when `heif_error` holds one */
function check(lib: Libheif, problem: number): void {
  if (word(lib, problem) === 0) return;
  const text = word(lib, problem + 8);
  const message = Buffer.from(lib.HEAPU8.subarray(text, lib.HEAPU8.indexOf(0, text))).toString('latin1');
  throw new DecodeProblem(message.replace(/^[^:]*: (?=.)/, '').toLowerCase());
}
