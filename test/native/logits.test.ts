import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import { evaluateFeatures } from '../../src/engine/local/sequences/sequence-bridge.js';
import { relativeError } from '../reference/compare.js';
import { readGguf } from '../reference/gguf-reader.js';
import { LlamaForward, type LlamaInput } from '../reference/llama-forward.js';
import { writeRandomPair } from '../reference/random-pair.js';
import type { TextOptions } from '../reference/random-text.js';
import { Seeded } from '../reference/seeded.js';
import { tokenise } from '../reference/tokenise.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** llama.cpp keeps keys and values in float16, whatever the weights are; measured up to 3e-3. */
const FLOAT_BOUND = 1e-2;
/** What is multiplied by packed matrices is rounded to 8 bits a value, in every layer; measured up to 5e-2. */
const PACKED_BOUND = 8e-2;
/** Evaluated in other parts, sums are taken in another order; measured up to 3e-3. */
const SAME_BOUND = 5e-3;
/** What a wrong prompt changes at least; measured 0.15 for the smallest mistake, a missing first token. */
const CHANGED = 0.1;

const imageTokens = 16;
const system = 'A chat between a curious user and an artificial intelligence assistant. USER: ';
const questions = [
  '\nWhat is the color of the shirt? ASSISTANT:',
  '\nHow many people are there? ASSISTANT:',
] as const;

const variants: readonly { name: string; options: TextOptions; bound?: number }[] = [
  { name: 'float32', options: {} },
  { name: 'float16', options: { textType: 'F16' } },
  { name: 'grouped-query attention', options: { textKeyHeads: 2 } },
  { name: 'another rope base', options: { ropeBase: 50_000 } },
  { name: 'Q8_0', options: { textType: 'Q8_0' }, bound: PACKED_BOUND },
  { name: 'Q4_0', options: { textType: 'Q4_0', vocabularySize: 523 }, bound: PACKED_BOUND },
  { name: 'Q4_K', options: { textType: 'Q4_K', textWidth: 256, textHidden: 512 }, bound: PACKED_BOUND },
];

let backend: Backend;
beforeAll(async () => {
  backend = await loadBackend({ device: 'cpu', threads: 2 });
  backend.addon.accelerateCpu();
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
});

describe.each(variants)('next-token scores ($name)', ({ options, bound = FLOAT_BOUND }) => {
  const width = options.textWidth ?? 128;
  const folder = mkdtempSync(join(tmpdir(), 'llava-logits-'));
  const { model: path } = writeRandomPair(folder, options);
  const file = readGguf(path);
  const features = new Seeded(5).normal(imageTokens * width, 1);
  const imageRows = Array.from({ length: imageTokens }, (_, row) =>
    Float64Array.from(features.subarray(row * width, (row + 1) * width)),
  );
  let sequence: LlamaContextSequence;
  /** The prefix as the reference sees it, left as it is. */
  const prefix: LlamaInput[] = [1, ...tokenise(file, system), ...imageRows];

  beforeAll(async () => {
    const model = await backend.llama.loadModel({
      modelPath: path,
      gpuLayers: 0,
      ignoreMemorySafetyChecks: true,
    });
    const context = await model.createContext({
      contextSize: 512,
      batchSize: 256,
      ignoreMemorySafetyChecks: true,
    });
    sequence = context.getSequence();
    const text = [model.tokens.bos!, ...model.tokenize(system, false)];
    expect(text).toEqual(prefix.slice(0, text.length));
    await sequence.evaluateWithoutGeneratingNewTokens(text);
    await evaluateFeatures(backend.addon, sequence, {
      tokens: imageTokens,
      width,
      values: features,
      attention: new Float32Array(imageTokens),
    });
    expect(sequence.nextTokenIndex).toBe(prefix.length);
  });
  afterAll(async () => {
    await sequence.context.model.dispose();
    rmSync(folder, { recursive: true });
  });

  it('after text, image and question are those of the float reference', async () => {
    expect(relativeError(await toolScores(questions[0]), referenceScores(questions[0]))).toBeLessThan(bound);
  });

  it('after a second question in the place of the first one too', async () => {
    await toolScores(questions[0]);
    const second = await toolScores(questions[1]);
    expect(relativeError(second, referenceScores(questions[1]))).toBeLessThan(bound);
    expect(relativeError(second, referenceScores(questions[0]))).toBeGreaterThan(CHANGED);
  });

  it('are the same whichever tokens are evaluated together', async () => {
    const whole = await toolScores(questions[0]);
    for (const together of [1, 2, 3, 4, 7]) {
      const parts = await toolScores(questions[0], together);
      expect(relativeError(parts, whole), `${together} together`).toBeLessThan(SAME_BOUND);
    }
  });

  it('depend on the image, its place and its order', async () => {
    const scores = await toolScores(questions[0]);
    const rows = imageRows;
    const text = prefix.slice(0, -imageTokens);
    const wrong: Readonly<Record<string, readonly LlamaInput[]>> = {
      'no image': text,
      'an image row missing': [...text, ...rows.slice(1)],
      'image rows reversed': [...text, ...rows.toReversed()],
      'the image first': [...rows, ...text],
      'no first token': [...text.slice(1), ...rows],
    };
    for (const [mistake, before] of Object.entries(wrong)) {
      expect(relativeError(scores, referenceScores(questions[0], before)), mistake).toBeGreaterThan(CHANGED);
    }
  });

  /** The tool's scores of every token after a question behind the prefix; what came after the prefix is erased. */
  async function toolScores(question: string, together = Infinity): Promise<number[]> {
    await sequence.eraseContextTokenRanges([{ start: prefix.length, end: sequence.nextTokenIndex }]);
    const tokens = tokenise(file, question) as Token[];
    while (tokens.length > together)
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.splice(0, together));
    const next = { logits: true, token: true, options: { temperature: 0 } };
    const output = await sequence.controlledEvaluate([
      ...tokens.slice(0, -1),
      [tokens.at(-1)!, { generateNext: next }],
    ]);
    const logits = output.at(-1)?.next.logits;
    return Array.from({ length: logits?.size ?? 0 }, (_, token) => logits?.get(token as Token) ?? NaN);
  }

  function referenceScores(question: string, before: readonly LlamaInput[] = prefix): Float64Array {
    return new LlamaForward(file).evaluate([...before, ...tokenise(file, question)]);
  }
});
