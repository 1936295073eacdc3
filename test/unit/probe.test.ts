import llamaTokenizer from 'llama-tokenizer-js';
import { expect, it } from 'vitest';
import { PROBE_TEXT_TOKENS, PROBE_TEXTS } from '../../src/remote/probe.js';

it('the probe has as many tokens as another implementation of the tokenizer counts', () => {
  const before = llamaTokenizer.encode(PROBE_TEXTS.before, true, true);
  const after = llamaTokenizer.encode(PROBE_TEXTS.after, false, true);
  expect(before.length + after.length).toBe(PROBE_TEXT_TOKENS);
  expect([before.length, after.length]).toEqual([35, 11]);
});
