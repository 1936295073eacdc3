import llamaTokenizer from 'llama-tokenizer-js';
import llama3Tokenizer from 'llama3-tokenizer-js';
import { expect, it } from 'vitest';
import { formNamed, type FormName } from '../../src/llava/conversations/named.js';
import { probeTexts, probeTextTokens } from '../../src/remote/probe.js';

const textsOf = (name: FormName) => probeTexts(formNamed(name));

it.each(['vicuna_v1', 'share4v_v1'] as const)(
  'the probe of %s has as many tokens as another implementation of the tokenizer counts',
  (name) => {
    const before = llamaTokenizer.encode(textsOf(name).before, true, true);
    const after = llamaTokenizer.encode(textsOf(name).after, false, true);
    expect([before.length, after.length]).toEqual([35, 11]);
    expect(before.length + after.length).toBe(probeTextTokens(formNamed(name)));
  },
);

it('so has the probe of llama3', () => {
  const { before, after } = textsOf('llama3');
  const count = (text: string, bos: boolean) => llama3Tokenizer.encode(text, { bos, eos: false }).length;
  expect(count(before, true) + count(after, false)).toBe(probeTextTokens(formNamed('llama3')));
});

it('the probe of phi3 is its words, four special tokens and the beginning', () => {
  // The line breaks behind special tokens are no tokens.
  const words = llamaTokenizer.encode('\nWhat is this?', false, true);
  expect(probeTextTokens(formNamed('phi3'))).toBe(words.length + 4);
});

it('the probe’s later turn is cut around the token that ends an answer', () => {
  const [said, end, next] = textsOf('phi3').afterWithTurn;
  expect(said).toBe('\nIs this a picture?<|end|>\n<|assistant|>\nYes');
  expect([end, next]).toEqual(['<|end|>', '\n<|user|>\nWhat is this?<|end|>\n<|assistant|>\n']);
});
