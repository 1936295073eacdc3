import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnswerEvent } from '../../src/engine/engine.js';
import { openLlamaEngine, type LlamaEngine } from '../../src/engine/local/llama-engine.js';
import { imageFeatures } from '../reference/clip-tower.js';
import { numberOf, readGguf } from '../reference/gguf-reader.js';
import { LlamaForward, type LlamaInput } from '../reference/llama-forward.js';
import { writeRandomPair } from '../reference/random-pair.js';
import { Seeded } from '../reference/seeded.js';
import { textOf, tokenise } from '../reference/tokenise.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The vicuna_v1 prompt of LLaVA-1.5 left of the image. */
const system =
  'A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, ' +
  "detailed, and polite answers to the user's questions. USER: ";
const [beginning, end] = [1, 2];
const greedy = { temperature: 0, topP: 1, seed: undefined, maxTokens: 12 };

const folder = mkdtempSync(join(tmpdir(), 'llava-answers-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const demo = (name: string): string =>
  fileURLToPath(new URL(`../../models/demo/${name}.gguf`, import.meta.url));
const pairs = {
  random: writeRandomPair(folder, { seed: 5, textKeyHeads: 2 }),
  'built-in': { model: demo('model'), mmproj: demo('mmproj') },
};

describe.each(['random', 'built-in'] as const)('greedy answers of the engine with %s weights', (weights) => {
  const paths = pairs[weights];
  const [vision, text] = [readGguf(paths.mmproj), readGguf(paths.model)];
  const references = new Map<number, { llama: LlamaForward; length: number }>();
  let engine: LlamaEngine;

  beforeAll(async () => {
    engine = await openLlamaEngine(paths, { threads: 1 });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  it('are those of tower, prompt and LLaMA in plain floats, for questions one by one', async () => {
    const prefix = await look(0);
    const questions = [
      'What is the color of the shirt?',
      'How many people are there?',
      'What is the color of the shirt?',
    ];
    for (const question of questions) {
      const expected = referenceAnswer(reference(0), `\n${question} ASSISTANT:`);
      expect(await told(prefix.ask(question, greedy))).toBe(expected.text);
    }
  });

  it('are so for another picture in the place of the first', async () => {
    await look(0);
    const prefix = await look(1);
    const expected = referenceAnswer(reference(1), '\nWhat is this? ASSISTANT:');
    expect(await told(prefix.ask('What is this?', greedy))).toBe(expected.text);
  });

  it('are so for the next turn of a chat', async () => {
    const prefix = await look(0);
    const question = 'What is this?';
    const answer = await told(prefix.ask(question, greedy));
    const next = await told(prefix.ask('Where is the red ball?', greedy, undefined, [{ question, answer }]));
    const turns = [
      ...tokenise(text, `\n${question} ASSISTANT: ${answer}`),
      end,
      ...tokenise(text, 'USER: Where is the red ball? ASSISTANT:'),
    ];
    expect(next).toBe(decode(reference(0), turns).text);
  });

  async function look(seed: number) {
    const { imageSize } = engine.info;
    return engine.look(await engine.encode({ size: imageSize, rgb: pixels(seed) }));
  }

  /** A red or a blue square on light grey, with a little noise. */
  function pixels(seed: number): Uint8Array {
    const size = numberOf(vision, 'clip.vision.image_size');
    const colour = [seed === 0 ? 200 : 30, 40, seed === 0 ? 30 : 200];
    return new Seeded(seed).bytes(size ** 2 * 3).map((noise, i) => {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      const inside = [x, y].every((place) => place > size / 4 && place < (size * 3) / 4);
      return (inside ? colour[i % 3]! : 230) + (noise >> 4);
    });
  }

  /** LLaMA after system text and image; computed once for each picture, what came later is forgotten. */
  function reference(seed: number): LlamaForward {
    const known = references.get(seed);
    if (known !== undefined) {
      known.llama.cut(known.length);
      return known.llama;
    }
    const features = imageFeatures(vision, pixels(seed));
    const width = numberOf(text, 'llama.embedding_length');
    const rows = Array.from({ length: features.length / width }, (_, row) =>
      features.subarray(row * width, (row + 1) * width),
    );
    const llama = new LlamaForward(text);
    llama.evaluate([beginning, ...tokenise(text, system), ...rows]);
    references.set(seed, { llama, length: llama.length });
    return llama;
  }

  function referenceAnswer(llama: LlamaForward, question: string) {
    return decode(llama, tokenise(text, question));
  }

  function decode(llama: LlamaForward, inputs: readonly LlamaInput[]): { text: string } {
    let scores = llama.evaluate(inputs);
    const tokens: number[] = [];
    for (;;) {
      const [first = 0, second = 0] = scores.toSorted().reverse();
      expect(first - second, 'the lead of the best token: at a tie rounding decides').toBeGreaterThan(0.02);
      const token = scores.indexOf(first);
      if (token === end) {
        return { text: textOf(text, tokens) };
      }
      tokens.push(token);
      if (tokens.length === greedy.maxTokens) {
        return { text: textOf(text, tokens) };
      }
      scores = llama.evaluate([token]);
    }
  }
});

async function told(events: AsyncIterable<AnswerEvent>): Promise<string> {
  let text = '';
  for await (const event of events) {
    text += event.type === 'text' ? event.text : '';
  }
  return text;
}
