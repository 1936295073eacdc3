import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlamaContext } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import type { FeatureEvaluation } from '../../src/engine/local/runtime/native-addon.js';
import { writeRandomPair } from '../reference/random-pair.js';
import { Seeded } from '../reference/seeded.js';

const width = 128;
const folder = mkdtempSync(join(tmpdir(), 'llava-evaluate-'));
const { model: modelPath } = writeRandomPair(folder);
const rows = (tokens: number) => Float32Array.from(new Seeded(3).normal(tokens * width, 1));
const features: FeatureEvaluation = { features: rows(16), tokens: 16, width, sequenceId: 0, position: 0 };
let backend: Backend;
let context: LlamaContext;

/** What the bridge hands over. */
const nativeOf = (of: LlamaContext) => (of as unknown as { _ctx: NativeContext })._ctx;
interface NativeContext {
  getSequenceKvCacheMaxPosition(sequenceId: number): number;
  disposeSequence(sequenceId: number): void;
}
const newContext = async (contextSize = 256) => {
  const model = await backend.llama.loadModel({ modelPath, gpuLayers: 0, ignoreMemorySafetyChecks: true });
  return model.createContext({ contextSize, batchSize: 64, sequences: 2, ignoreMemorySafetyChecks: true });
};

beforeAll(async () => {
  backend = await loadBackend({ device: 'cpu', threads: 1 });
  context = await newContext();
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('evaluating image features', () => {
  const evaluate = (over: Record<string, unknown> = {}, native: unknown = nativeOf(context)) =>
    backend.addon.evaluateFeatures(native as object, { ...features, ...over });

  it.each([
    ['nothing for features', { features: undefined }],
    ['numbers of another type', { features: new Float64Array(16 * width) }],
    ['fewer values than it says', { tokens: 17 }],
    ['no tokens', { tokens: 0, features: new Float32Array() }],
    ['another width than the model’s', { width: 64, tokens: 32 }],
    ['a sequence that is not there', { sequenceId: 2 }],
    ['a negative sequence', { sequenceId: -1 }],
    ['a position behind a gap', { position: 5 }],
    ['a negative position', { position: -1 }],
    ['more than the context holds', { features: rows(300), tokens: 300 }],
  ])('refuses %s', async (_, over) => {
    await expect(evaluate(over)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([
    ['nothing', undefined],
    ['another object', {}],
    ['node-llama-cpp’s own context', () => context],
    [
      'an object that pretends',
      class AddonContext {
        getContextSize = () => 256;
      },
    ],
  ])('refuses %s for a context', async (_, made) => {
    const native: unknown =
      typeof made !== 'function'
        ? made
        : made.name === 'AddonContext'
          ? new (made as new () => object)()
          : (made as () => unknown)();
    await expect(evaluate({}, native ?? null)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses a context that has been disposed', async () => {
    const gone = await newContext();
    const native = nativeOf(gone);
    await gone.dispose();
    await expect(evaluate({}, native)).rejects.toMatchObject({ code: 'CLOSED' });
    // A model left to the garbage collector can make node-llama-cpp's own dispose() wait for ever.
    await gone.model.dispose();
  });

  it('adds positions, also in several batches and to another sequence', async () => {
    const native = nativeOf(context);
    await evaluate();
    expect(native.getSequenceKvCacheMaxPosition(0)).toBe(15);
    await evaluate({ features: rows(150), tokens: 150, position: 16 });
    expect(native.getSequenceKvCacheMaxPosition(0)).toBe(165);
    await evaluate({ sequenceId: 1 });
    expect(native.getSequenceKvCacheMaxPosition(1)).toBe(15);
    native.disposeSequence(0);
    native.disposeSequence(1);
  });

  it('leaves the sequence as it was when cancelled', async () => {
    const native = nativeOf(context);
    let failure: unknown;
    // On a busy machine, an evaluation may be over before it is cancelled.
    while (failure === undefined) {
      native.disposeSequence(0);
      await evaluate();
      const running = evaluate({ features: rows(150), tokens: 150, position: 16 });
      backend.addon.cancelEvaluation();
      failure = await running.catch((error: unknown) => error);
    }
    expect(failure).toMatchObject({ code: 'CANCELLED' });
    expect(native.getSequenceKvCacheMaxPosition(0)).toBe(15);
    await evaluate({ features: rows(150), tokens: 150, position: 16 });
    expect(native.getSequenceKvCacheMaxPosition(0)).toBe(165);
    native.disposeSequence(0);
  });
});

describe('log-probabilities', () => {
  const read = (index: unknown, tokens: unknown, native: unknown = nativeOf(context)) =>
    backend.addon.logProbabilities(native as object, index as number, tokens as Int32Array);
  const refusal = (attempt: () => unknown) => {
    try {
      attempt();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return undefined;
  };

  it.each([
    ['a place without logits', 0, Int32Array.of(1)],
    ['a place beyond the batch', 1 << 20, Int32Array.of(1)],
    ['a negative place', -1, Int32Array.of(1)],
    ['half a place', 0.5, Int32Array.of(1)],
    ['a token that is not there', 0, Int32Array.of(1 << 30)],
    ['a negative token', 0, Int32Array.of(-1)],
    ['tokens of another type', 0, Uint32Array.of(1)],
    ['no tokens', 0, undefined],
  ])('refuse %s', (_, index, tokens) => {
    expect(refusal(() => read(index, tokens))).toBe('INVALID_ARGUMENT');
  });

  it.each([
    ['a place without logits', 0, 5],
    ['half a place', 0.5, 5],
    ['a negative number', 0, -1],
  ])('and the likeliest tokens refuse %s', (_, index, most) => {
    expect(refusal(() => backend.addon.likeliestTokens(nativeOf(context) as object, index, most))).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('refuse another object for a context', () => {
    expect(refusal(() => read(0, Int32Array.of(1), {}))).toBe('INVALID_ARGUMENT');
  });
});
