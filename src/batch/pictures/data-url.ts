import { RowFailure } from '../rows/row-error.js';

const DATA_URL = /^data:([^,]{0,256}),/i;

/**
 * The bytes of a data URL, base64 or percent-encoded. What they are is told by the bytes, never by its media type.
 * @throws RowFailure 'bad_picture' when it is no data URL, or not the encoding it says
 */
export function readDataUrl(url: string): Uint8Array {
  const head = DATA_URL.exec(url);
  if (head === null) throw new RowFailure('bad_picture', 'The data URL has no comma, so it holds nothing.');
  const data = url.slice(head[0].length);
  if (!/;\s*base64\s*$/i.test(head[1] ?? '')) return readPercentEncoded(data);
  const bytes = readBase64(data);
  if (bytes === undefined)
    throw new RowFailure('bad_picture', 'The data URL is not base64, though it says so.');
  return bytes;
}

/** The bytes of base64, white space left out; undefined when it is none. */
export function readBase64(data: string): Uint8Array | undefined {
  // Buffer ends quietly at the first wrong character, so the length tells whether there was one.
  const clean = data.replace(/\s+/g, '').replace(/={1,2}$/, '');
  const bytes = Buffer.from(clean, 'base64');
  const isWhole = clean.length % 4 !== 1 && bytes.length === Math.floor((clean.length * 3) / 4);
  return isWhole && /^[\w+/-]*$/.test(clean) ? bytes : undefined;
}

function readPercentEncoded(data: string): Uint8Array {
  try {
    return Buffer.from(decodeURIComponent(data));
  } catch (error) {
    throw new RowFailure('bad_picture', 'The data URL is not percent-encoded UTF-8.', error);
  }
}
