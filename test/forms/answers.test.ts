import { readFileSync } from 'node:fs';
import { getLlama, type LlamaModel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnswerEvent } from '../../src/engine/engine.js';
import { openLlamaEngine, type LlamaEngine } from '../../src/engine/local/llama-engine.js';
import {
  conversationTokens,
  tokensBeforeImage,
} from '../../src/engine/local/sequences/conversation-tokens.js';
import type { Turn } from '../../src/llava/conversation.js';
import { checkPair, type PairInfo } from '../../src/weights/check/check-pair.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import type { PairPaths } from '../reference/random-pair.js';
import { FORM_PAIRS, picturePixels, writeFormPair, type FormPairName } from './form-pairs.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** What `transformers` and `tokenizers` made of a prompt; made by make_references.py. */
interface Reference {
  readonly picture: number;
  readonly turns: readonly Turn[];
  readonly question: string;
  /** Tokens on both sides of the picture. */
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly answer: string;
  readonly tokens: number;
  /** `unsure`: another token was so near that rounding may decide what comes next. */
  readonly ended: 'end' | 'long' | 'unsure';
}
const references = JSON.parse(readFileSync(new URL('references.json', import.meta.url), 'utf8')) as Readonly<
  Record<FormPairName, readonly Reference[]>
>;
const MOST_TOKENS = 10;
const PICTURES = 4;

const folder = temporaryFolder();
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
afterAll(() => llama.dispose());

describe.each(['llama3', 'phi3'] as const)('a pair of %s’s shape', (name) => {
  const form = FORM_PAIRS[name];
  const rows = references[name];
  let paths: PairPaths;
  let pair: PairInfo;

  beforeAll(async () => {
    paths = writeFormPair(folder, name);
    pair = await checkPair(paths.model, paths.mmproj);
  });

  describe('its tokens', () => {
    let model: LlamaModel;
    beforeAll(async () => {
      const { preTokenizer: pre } = pair.model;
      model = await llama.loadModel({
        modelPath: paths.model,
        vocabOnly: true,
        ...(pre === undefined ? {} : { metadataOverrides: { tokenizer: { ggml: { pre } } } }),
      });
    });
    afterAll(() => model.dispose());

    it.each(rows)('of $question after $turns.length turns are those of training', (row) => {
      expect(tokensBeforeImage(model, form)).toEqual(row.left);
      expect(conversationTokens(model, form, row.turns, row.question).tokens).toEqual(row.right);
    });
  });

  describe('its greedy answers', () => {
    let engine: LlamaEngine;
    beforeAll(async () => {
      const { preTokenizer } = pair.model;
      engine = await openLlamaEngine(paths, { threads: 1, conversation: form, preTokenizer });
    });
    afterAll(() => engine[Symbol.asyncDispose]());

    it.each([0, 1, 2, 3])('about picture %i are those of transformers', async (number) => {
      const { imageSize } = engine.info;
      const shown = await engine.show({ size: imageSize, rgb: picturePixels(number, imageSize) });
      for (const { turns, question, answer, tokens, ended } of rows.filter((row) => row.picture === number)) {
        const maxTokens = ended === 'unsure' ? tokens : MOST_TOKENS;
        if (maxTokens === 0) continue;
        const said = await told(
          shown.ask(question, { temperature: 0, topP: 1, seed: undefined, maxTokens }, undefined, turns),
        );
        expect({ question, ...said }).toEqual({
          question,
          text: answer,
          tokens,
          reason: ended === 'end' ? 'end' : 'max-tokens',
        });
      }
    });
  });

  it('has references that are worth comparing with', () => {
    const compared = rows.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(rows).toHaveLength(100);
    expect(new Set(rows.map(({ picture }) => picture)).size).toBe(PICTURES);
    expect(rows.filter(({ ended }) => ended === 'end').length).toBeGreaterThan(10);
    expect(compared).toBeGreaterThan(300);
  });
});

async function told(events: AsyncIterable<AnswerEvent>) {
  let text = '';
  for await (const event of events) {
    if (event.type === 'text') text += event.text;
    else return { text, tokens: event.usage.answerTokens, reason: event.reason };
  }
  throw new Error('The answer did not end');
}
