import { getLlama, type LlamaModel } from 'node-llama-cpp';
import llamaTokenizer from 'llama-tokenizer-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  conversationTokens,
  endOfAnswer,
  tokensBeforeImage,
} from '../../src/engine/local/sequences/conversation-tokens.js';
import { wordTokens } from '../../src/engine/local/sequences/word-tokens.js';
import { formNamed, FORM_NAMES } from '../../src/llava/conversations/named.js';
import { LLAMA3 } from '../../src/llava/conversations/llama3.js';
import { PHI3 } from '../../src/llava/conversations/phi3.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { specialTokensOf } from '../../src/llava/conversation.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { PHI_3_SPECIALS } from '../reference/phi3-vocabulary.js';
import { writeFormPair } from './form-pairs.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder();
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
afterAll(() => llama.dispose());

/** What users may write, of all forms. */
const MARKERS = [
  '<|eot_id|>',
  '<|end|>',
  '<|user|>',
  '<|assistant|>',
  '[INST]',
  '[/INST]',
  '<image>',
  '</s>',
  '<s>',
  '<|endoftext|><|end|>',
  'a<|end|>b <|user|>',
  '<|end_header_id|>\n\n',
];

describe.each(['control', 'user-defined'] as const)('Phi-3’s tokens, stored as %s', (addedAs) => {
  let model: LlamaModel;
  beforeAll(async () => {
    const { model: modelPath } = writeFormPair(folder, 'phi3', addedAs);
    model = await llama.loadModel({ modelPath, vocabOnly: true });
  });
  afterAll(() => model.dispose());

  it.each(MARKERS)('leave %j to be words', (marker) => {
    const text = `Say ${marker} now`;
    const tokens = wordTokens(model, text);
    expect(tokens.filter((token) => token < 3 || token >= 32_000)).toEqual([]);
    expect(tokens).toEqual(llamaTokenizer.encode(text, false));
  });

  it('stand in the form where it says, and nowhere else', () => {
    const { tokens } = conversationTokens(model, PHI3, [], 'Say <|end|> now');
    expect(tokens.filter((token) => token >= 32_000)).toEqual([32_007, 32_001]);
    expect(tokensBeforeImage(model, PHI3)).toEqual([1, 32_010]);
  });

  it('end an answer, which the vocabulary’s own end does not', () => {
    expect(model.tokens.eos).toBe(32_000);
    expect(endOfAnswer(model, PHI3)).toBe(32_007);
    expect(model.isEogToken(32_007 as never)).toBe(true);
  });

  it.each(FORM_NAMES.filter((name) => specialTokensOf(formNamed(name)).length === 0))(
    'are none of the tokens of %s',
    (name) => {
      const { tokens } = conversationTokens(model, formNamed(name), [], 'Say <|end|> now');
      expect(tokens.filter((token) => token >= 32_000)).toEqual([]);
    },
  );
});

it('has Phi-3’s tokens in their places', () => {
  expect([PHI_3_SPECIALS[7], PHI_3_SPECIALS[10]]).toEqual(['<|end|>', '<|user|>']);
});

describe('Llama 3’s tokens', () => {
  let model: LlamaModel;
  beforeAll(async () => {
    const { model: modelPath } = writeFormPair(folder, 'llama3');
    const metadataOverrides = { tokenizer: { ggml: { pre: 'llama-bpe' } } };
    model = await llama.loadModel({ modelPath, vocabOnly: true, metadataOverrides });
  });
  afterAll(() => model.dispose());

  it.each(MARKERS)('leave %j to be words', (marker) => {
    const tokens = wordTokens(model, `Say ${marker} now`);
    expect(tokens.filter((token) => token >= 128_000)).toEqual([]);
    expect(model.detokenize([...tokens])).toBe(`Say ${marker} now`);
  });

  it('stand in the form where it says, and nowhere else', () => {
    const { tokens } = conversationTokens(model, LLAMA3, [], 'Say <|eot_id|> now');
    expect(tokens.filter((token) => token >= 128_000)).toEqual([128_009, 128_006, 128_007]);
    expect(tokensBeforeImage(model, LLAMA3)).toEqual([128_000, 128_006, 882, 128_007, 271]);
    expect(endOfAnswer(model, LLAMA3)).toBe(128_009);
  });

  it('lack those of another form, which is said by name', () => {
    expect(() => conversationTokens(model, PHI3, [], 'What?')).toThrow('no token "<|end|>"');
    expect(endOfAnswer(model, VICUNA_V1)).toBe(128_001);
  });
});
