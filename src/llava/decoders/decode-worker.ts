import { parentPort } from 'node:worker_threads';
import {
  DecodeProblem,
  type AsideFormat,
  type Decoded,
  type Decoder,
  type Header,
  type Share,
} from './decoder.js';

// Libraries report there what we say ourselves.
const say = () => undefined;
Object.assign(console, { log: say, info: say, debug: say, warn: say, error: say });

/** What a worker is asked; answered with a {@link Reply} of the same kind. */
export interface Task {
  readonly kind: 'inspect' | 'decode';
  readonly format: AsideFormat;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the frame or page, from 0. */
  readonly index: number;
  readonly share: Share;
}

export type Reply =
  | { readonly kind: 'inspect'; readonly header: Header }
  | { readonly kind: 'decode'; readonly decoded: Decoded }
  | { readonly kind: 'failed'; readonly reason: string };

/** Each is loaded when the first file of its format comes. */
const DECODERS: Record<AsideFormat, () => Promise<Decoder>> = {
  heic: async () => (await import('./heic.js')).heic,
  jxl: async () => (await import('./jpeg-xl.js')).jpegXl,
  jp2: async () => (await import('./jpeg-2000.js')).jpeg2000,
  bmp: async () => (await import('./bmp.js')).bmp,
  ico: async () => (await import('./icon.js')).icon,
  netpbm: async () => (await import('./netpbm.js')).netpbm,
  tga: async () => (await import('./targa.js')).targa,
  qoi: async () => (await import('./qoi.js')).qoi,
  pdf: async () => (await import('./pdf.js')).pdf,
};

async function work({ kind, format, bytes, index, share }: Task): Promise<Reply> {
  try {
    const decoder = await DECODERS[format]();
    return kind === 'inspect'
      ? { kind, header: await decoder.inspect(bytes, index) }
      : { kind, decoded: await decoder.decode(bytes, index, share) };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** Libraries tell of their own memory and functions; only our own words are for users. */
function reasonOf(error: unknown): string {
  if (error instanceof DecodeProblem) return error.message;
  // What DataView throws beyond the end.
  return error instanceof RangeError ? 'it is cut off' : 'damaged data';
}

/** Memory that goes to the caller without being copied. */
function transfersOf(reply: Reply): ArrayBuffer[] {
  if (reply.kind !== 'decode') return [];
  const { decoded } = reply;
  return 'png' in decoded ? [decoded.png.buffer] : decoded.pieces.map(({ data }) => data.buffer);
}

parentPort?.on('message', (task: Task) => {
  void work(task).then((reply) => {
    parentPort?.postMessage(reply, transfersOf(reply));
  });
});
