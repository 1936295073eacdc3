import type { Pixels } from '../../llava/pixels.js';
import type { BackendOptions } from '../local/runtime/backend.js';
import type { EngineInfo, Sampling } from '../engine.js';
import type { ImageFeatures } from '../local/image-features.js';
import type { WeightFiles } from '../local/loading/weight-files.js';
import { openLlamaEngine } from '../local/llama-engine.js';
import { VisionTower } from '../local/loading/vision-tower.js';

/** What a device did with a small pair of weights; times in milliseconds. */
export interface SelfTestResult {
  readonly info: EngineInfo;
  readonly loadMs: number;
  /** The first picture of a process: GPUs compile their kernels meanwhile. */
  readonly firstEncodeMs: number;
  readonly encodeMs: number;
  /** Image prefix, question and answer. */
  readonly answerMs: number;
  readonly answer: string;
  /** Relative difference of the image features from the CPU's: |a − b| / |b|. */
  readonly difference: number;
}

const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 16 };

/** More than this, and a device computes something else: rounding to 16 bits stays below. */
export const MOST_DIFFERENCE = 5e-3;

/**
 * Opens weights on a device, looks at a picture there and on the CPU, and answers one question.
 * @param question pixels of the tower's size, and the user's turn: question and formatting prompt
 * @throws ExpectedError('engine') when the device cannot be had or fails
 */
export async function selfTest(
  files: WeightFiles,
  question: { readonly pixels: Pixels; readonly request: string },
  options: BackendOptions,
): Promise<SelfTestResult> {
  const opening = openLlamaEngine(files, options);
  await using engine = await opening;
  const [features, firstEncodeMs] = await timed(() => engine.encode(question.pixels));
  const [, encodeMs] = await timed(() => engine.encode(question.pixels));
  const [answer, answerMs] = await timed(async () => {
    const prefix = engine.look(features);
    let text = '';
    for await (const event of prefix.ask(question.request, GREEDY))
      if (event.type === 'text') text += event.text;
    return text;
  });
  await using tower = await VisionTower.open(files.mmproj, engine.backend, 'cpu');
  const reference = await tower.encode(question.pixels);
  const { info } = engine;
  const difference = relativeDifference(features, reference);
  return { info, loadMs: info.loadMs, firstEncodeMs, encodeMs, answerMs, answer, difference };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

/** |a − b| / |b|, over all values of both. */
export function relativeDifference(a: ImageFeatures, b: ImageFeatures): number {
  let difference = 0;
  let norm = 0;
  for (const [index, value] of b.values.entries()) {
    difference += ((a.values[index] ?? NaN) - value) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(difference / norm);
}
