import type { SelfTestTask } from '../../engine/probe/probe-messages.js';
import { loadPixels } from '../../llava/pixels.js';
import { writeRequest } from '../../llava/response-format.js';
import { builtInFiles, findModel, readCatalogue } from '../../weights/catalogue.js';
import { checkPair } from '../../weights/check/check-pair.js';

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300">
  <rect width="300" height="300" fill="white"/><circle cx="150" cy="150" r="45" fill="rgb(220,30,30)"/></svg>`;

/** What the demo model must answer, see `selfTestTask`. */
export const RIGHT_ANSWER = 'Red';

/** One question about a red circle, for the demo model. */
export async function selfTestTask(): Promise<SelfTestTask> {
  const files = builtInFiles(findModel('demo', readCatalogue()));
  if (files === undefined) throw new Error('The demo model is not built in.');
  const { imageSize } = await checkPair(files.model, files.mmproj);
  const source = { kind: 'bytes', label: 'red circle', bytes: Buffer.from(PICTURE) } as const;
  const pixels = await loadPixels(source, { imageSize, exif: true });
  const request = writeRequest({ text: 'What color is the circle?', format: 'short' }, pixels.picture);
  return { files, pixels, request };
}
