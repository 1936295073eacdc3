import type { LlamaContext, LlamaContextSequence } from 'node-llama-cpp';
import { expect, it } from 'vitest';
import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import { settleLogitsOfEachBatch } from '../../src/engine/local/sequences/sequence-bridge.js';
import { projectFile } from '../helpers/run-llava.js';

/** Calls the method as ever, and tells of it first. */
function listenTo(object: object, name: string, tell: () => void): void {
  const method = (object as Record<string, (...args: unknown[]) => unknown>)[name]!.bind(object);
  const value = (...args: unknown[]) => {
    tell();
    return method(...args);
  };
  Object.defineProperty(object, name, { value, configurable: true });
}

async function nextToken(sequence: LlamaContextSequence, text: string): Promise<number> {
  const tokens = sequence.context.model.tokenize(text);
  for await (const token of sequence.evaluate(tokens, { temperature: 0 })) return token;
  throw new Error('There is no next token.');
}

// llama.cpp sorts them when it is first asked for any; samplers on several threads mixed up one row in a thousand.
it('logits of several sequences are sorted before any sampler sees them', async () => {
  await using backend = await loadBackend({ device: 'cpu', threads: 1 });
  const modelPath = projectFile('models/demo/model.gguf');
  const model = await backend.llama.loadModel({ modelPath, gpuLayers: 0, ignoreMemorySafetyChecks: true });
  const context: LlamaContext = await model.createContext({
    contextSize: 256,
    sequences: 3,
    ignoreMemorySafetyChecks: true,
  });
  const { _ctx: native } = context as unknown as { _ctx: object };
  const events: string[] = [];
  listenTo(native, 'decodeBatch', () => events.push('decode'));
  listenTo(native, 'sampleToken', () => events.push('sample'));
  const sortLogits = (of: object) => {
    events.push('sort');
    backend.addon.sortLogits(of);
  };
  settleLogitsOfEachBatch({ ...backend.addon, sortLogits }, context);
  const sequences = [context.getSequence(), context.getSequence(), context.getSequence()] as const;
  await Promise.all(sequences.map((sequence, i) => nextToken(sequence, 'What is it? '.repeat(3 - i))));
  expect(events.filter((event) => event === 'sample')).toHaveLength(3);
  expect(events.join(' ')).toMatch(/^(decode sort( sample)+ ?)+$/);
  await model.dispose();
});
