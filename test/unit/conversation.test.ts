import { describe, expect, it } from 'vitest';
import { renderPrompt, textAfterImage, textBeforeImage } from '../../src/llava/conversation.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';

// The strings are written out whole: a prompt one character off is a different prompt.
const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";

describe('vicuna_v1', () => {
  it('puts the image first and ends without a space', () => {
    expect(renderPrompt(VICUNA_V1, [], 'What is it?')).toBe(
      `${SYSTEM} USER: <image>\nWhat is it? ASSISTANT:`,
    );
  });

  it('is the text before the image, the image, and the text after it', () => {
    expect(`${textBeforeImage(VICUNA_V1)}<image>${textAfterImage(VICUNA_V1, 'What is it?')}`).toBe(
      renderPrompt(VICUNA_V1, [], 'What is it?'),
    );
  });

  it('has no space between </s> and the next USER, and the image in the first turn only', () => {
    expect(renderPrompt(VICUNA_V1, [{ question: 'What is it?', answer: 'A cat.' }], 'What color?')).toBe(
      `${SYSTEM} USER: <image>\nWhat is it? ASSISTANT: A cat.</s>USER: What color? ASSISTANT:`,
    );
  });
});
