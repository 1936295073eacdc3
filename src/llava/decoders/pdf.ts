import { PDFiumLibrary, type PDFiumDocument } from '@hyzyla/pdfium';
import wasm from '@hyzyla/pdfium/pdfium.wasm';
import { readWasm } from './load-wasm.js';
import { DecodeProblem, wholeRaster, type Decoder, type Header } from './decoder.js';
import { DRAWING_SIDE } from '../drawing-side.js';

/** Pages of PDF by PDFium, turned as the file says, drawn on white. Nothing in a file is run or fetched. */
export const pdf: Decoder = {
  inspect: (bytes, index) => withDocument(bytes, (document) => sizeOf(document, index)),
  decode: (bytes, index) =>
    withDocument(bytes, async (document) => {
      const { width, height } = sizeOf(document, index);
      const { data } = await document.getPage(index).render({ width, height, render: toRgb });
      return wholeRaster(width, height, 3, data as Uint8Array<ArrayBuffer>);
    }),
};

function sizeOf(document: PDFiumDocument, index: number): Header {
  const frames = document.getPageCount();
  if (index >= frames) return { width: 0, height: 0, frames };
  const { originalWidth, originalHeight } = document.getPage(index).getOriginalSize();
  const longest = Math.max(originalWidth, originalHeight);
  if (!(longest > 0)) throw new DecodeProblem(`page ${index + 1} has no size`);
  const scale = DRAWING_SIDE / longest;
  const [width, height] = [originalWidth, originalHeight].map((side) =>
    Math.max(Math.round(side * scale), 1),
  );
  return { width: width ?? 1, height: height ?? 1, frames };
}

function toRgb({
  data,
  width,
  height,
}: {
  data: Uint8Array;
  width: number;
  height: number;
}): Promise<Uint8Array> {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from] ?? 0;
    rgb[to + 1] = data[from + 1] ?? 0;
    rgb[to + 2] = data[from + 2] ?? 0;
  }
  return Promise.resolve(rgb);
}

let loading: ReturnType<typeof load> | undefined;

async function load() {
  const { buffer } = await readWasm(wasm);
  return await PDFiumLibrary.init({ wasmBinary: buffer });
}

async function withDocument<Result>(
  bytes: Uint8Array,
  use: (document: PDFiumDocument) => Result | Promise<Result>,
): Promise<Result> {
  const library = await (loading ??= load());
  const document = await library.loadDocument(bytes).catch((error: unknown) => {
    const isLocked = error instanceof Error && /password/i.test(error.message);
    throw new DecodeProblem(isLocked ? 'it is locked with a password' : 'damaged data');
  });
  try {
    return await use(document);
  } finally {
    document.destroy();
  }
}
