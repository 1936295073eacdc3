import { ExpectedError } from '../../llava/expected-error.js';
import { pictureLabel, type PictureSource } from '../../llava/picture-bytes.js';
import type { Pixels } from '../../llava/pixels.js';

/** Pixels with the time it took to read, decode and resize them, in milliseconds. */
export interface LoadedPicture {
  readonly pixels: Pixels;
  readonly ms: number;
}

/** Loads pictures one ahead of their use, so that decoding runs beside answering and few are held at once. */
export class PictureQueue {
  /** Loading since construction. */
  readonly #first: Promise<LoadedPicture>;
  readonly #sources: readonly PictureSource[];
  readonly #loadPixels: (source: PictureSource) => Promise<Pixels>;

  constructor(sources: readonly PictureSource[], loadPixels: (source: PictureSource) => Promise<Pixels>) {
    this.#sources = sources;
    this.#loadPixels = loadPixels;
    this.#first = this.#load(0);
  }

  /** Each source with its loading picture; the one after it starts to load at the same time. */
  *inOrder(): Generator<{ source: PictureSource; loading: Promise<LoadedPicture> }> {
    let loading = this.#first;
    for (const [index, source] of this.#sources.entries()) {
      const current = loading;
      if (index + 1 < this.#sources.length) loading = this.#load(index + 1);
      yield { source, loading: current };
    }
  }

  #load(index: number): Promise<LoadedPicture> {
    const source = this.#sources[index];
    if (source === undefined) throw new RangeError(`There is no picture ${index}.`);
    const start = performance.now();
    const loading = this.#loadPixels(source).then((pixels) => ({
      pixels,
      ms: performance.now() - start,
    }));
    // Its failure is reported when its turn comes.
    loading.catch(() => undefined);
    return loading;
  }
}

/** Leaves out, and reports, the pictures whose headers cannot be read. */
export async function readableSources(
  sources: readonly PictureSource[],
  report: (picture: string, error: ExpectedError) => Promise<void>,
): Promise<readonly PictureSource[]> {
  const { inspectPicture } = await import('../../llava/picture.js');
  const readable: PictureSource[] = [];
  for (const source of sources) {
    try {
      await inspectPicture(source);
      readable.push(source);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      await report(pictureLabel(source), error);
    }
  }
  return readable;
}
