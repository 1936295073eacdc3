import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Token } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VisionTower } from '../../src/engine/local/loading/vision-tower.js';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import { evaluateFeatures } from '../../src/engine/local/sequences/sequence-bridge.js';
import type { ImageFeatures } from '../../src/engine/local/image-features.js';
import type { ConvertedFiles } from '../../src/convert/convert-model.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { relativeError } from '../reference/compare.js';
import { convertFolder, readShape, type Shape } from './convert-shape.js';

/* Checkpoints that transformers and PEFT saved, converted to float32, against what they compute and llama.cpp's converter writes. */

const made = process.env['LLAVA_CHECKPOINTS'] ?? projectFile('test/transformers/.build/checkpoints');
const FEATURE_BOUND = 1e-5;
const SCORE_BOUND = 1e-4;

const folder = temporaryFolder();
let backend: Backend;
beforeAll(async () => {
  backend = await loadBackend({ device: 'cpu', threads: 1 });
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
});

describe.each(
  readdirSync(made)
    .filter((name) => existsSync(join(made, name, 'reference.json')))
    .sort(),
)('%s', (name) => {
  const shape = readShape(join(made, name));
  let files: ConvertedFiles;
  let base: ConvertedFiles | undefined;
  let features: ImageFeatures;

  beforeAll(async () => {
    const { tower } = shape;
    if (shape.base !== undefined)
      base = await convertFolder(shape.base, join(folder, name, 'base'), { tower });
    files = await convertFolder(shape.checkpoint, join(folder, name, 'converted'), {
      tower,
      base: shape.base,
    });
  });

  // Of the authors' layout and of LoRAs it makes nothing.
  if (existsSync(join(shape.folder, 'text.gguf')))
    it('has the bytes of llama.cpp’s converter', () => {
      const expected = readFileSync(join(shape.folder, 'text.gguf'));
      expect(readFileSync(files.model!).equals(expected)).toBe(true);
    });

  it('gives the image features of transformers', async () => {
    await using tower = await VisionTower.open(files.mmproj!, backend, 'cpu');
    const { imageSize } = shape.reference;
    features = await tower.encode({ size: imageSize, rgb: shape.pixels });
    expect([features.tokens, features.width]).toEqual(shape.reference.featureShape);
    expect(relativeError(features.values, shape.features)).toBeLessThan(FEATURE_BOUND);
  });

  it('gives the log-probabilities of transformers, and its tokens', async () => {
    const { logProbabilities, reference } = shape;
    const found = await logProbabilitiesOf(files, base, shape, features);
    expect(found.tokensBefore.slice(-reference.idsBefore.length + 1)).toEqual(reference.idsBefore.slice(1));
    expect(found.tokensAfter).toEqual(reference.idsAfter);
    const worst = Math.max(...found.values.map((value, token) => Math.abs(value - logProbabilities[token]!)));
    expect(found.values).toHaveLength(logProbabilities.length);
    expect(worst).toBeLessThan(SCORE_BOUND);
  });
});

/** Of the token after the text, as the engine computes them; keys and values in float32. */
async function logProbabilitiesOf(
  { adapter, model: own }: ConvertedFiles,
  base: ConvertedFiles | undefined,
  { reference }: Shape,
  features: ImageFeatures,
) {
  const modelPath = (own ?? base?.model)!;
  const model = await backend.llama.loadModel({ modelPath, gpuLayers: 0, ignoreMemorySafetyChecks: true });
  try {
    const context = await model.createContext({
      contextSize: 512,
      batchSize: 256,
      threads: 1,
      flashAttention: false,
      experimentalKvCacheKeyType: 'F32',
      experimentalKvCacheValueType: 'F32',
      ignoreMemorySafetyChecks: true,
      ...(adapter === undefined ? {} : { lora: { adapters: [{ filePath: adapter }] } }),
    });
    const sequence = context.getSequence();
    await sequence.evaluateWithoutGeneratingNewTokens([...reference.idsBefore] as Token[]);
    await evaluateFeatures(backend.addon, sequence, features);
    const after = [...reference.idsAfter] as Token[];
    const next = { logits: true, token: true, options: { temperature: 0 } };
    const output = await sequence.controlledEvaluate([
      ...after.slice(0, -1),
      [after.at(-1)!, { generateNext: next }],
    ]);
    const logits = output.at(-1)?.next.logits;
    const raw = Array.from({ length: logits?.size ?? 0 }, (_, token) => logits?.get(token as Token) ?? NaN);
    const largest = Math.max(...raw);
    const total = largest + Math.log(raw.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    return {
      values: raw.map((logit) => logit - total),
      tokensBefore: [...model.tokenize(reference.textBefore, false)] as number[],
      tokensAfter: [...model.tokenize(reference.textAfter, false)] as number[],
    };
  } finally {
    await model.dispose();
  }
}
