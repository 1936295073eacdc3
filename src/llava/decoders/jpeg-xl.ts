import { initSync, JxlImage } from 'jxl-oxide-wasm';
import wasm from 'jxl-oxide-wasm/module.wasm';
import { readWasm } from './load-wasm.js';
import { DecodeProblem, type Decoder } from './decoder.js';

/** JPEG XL by jxl-oxide, in the colours and depth of the file; what a frame shows, with those it is laid on. */
export const jpegXl: Decoder = {
  async inspect(bytes) {
    using image = await open(bytes);
    const { width, height, animated } = image.own;
    if (width === undefined || height === undefined) throw new DecodeProblem('it is cut off');
    return { width, height, frames: animated === true ? Math.max(image.own.numLoadedKeyframes, 1) : 1 };
  },
  async decode(bytes, index) {
    using image = await open(bytes);
    if (!image.own.loaded) throw new DecodeProblem('it is cut off');
    return { png: image.own.render(index).encodeToPng() as Uint8Array<ArrayBuffer> };
  },
};

let loading: Promise<unknown> | undefined;

async function open(bytes: Uint8Array): Promise<{ own: JxlImage } & Disposable> {
  await (loading ??= readWasm(wasm).then((module) => initSync({ module })));
  const own = new JxlImage();
  const image = {
    own,
    [Symbol.dispose]: () => {
      own.free();
    },
  };
  own.feedBytes(bytes);
  if (!own.tryInit()) throw new DecodeProblem('it is cut off');
  return image;
}
