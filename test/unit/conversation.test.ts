import { describe, expect, it } from 'vitest';
import { renderPrompt, textAfterImage, textBeforeImage } from '../../src/llava/conversation.js';
import { LLAMA3 } from '../../src/llava/conversations/llama3.js';
import { MISTRAL_INSTRUCT } from '../../src/llava/conversations/mistral-instruct.js';
import { FORM_NAMES, formNamed } from '../../src/llava/conversations/named.js';
import { PHI3 } from '../../src/llava/conversations/phi3.js';
import { SHARE4V_V1 } from '../../src/llava/conversations/share4v-v1.js';
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

const TURNS = [{ question: 'What is it?', answer: 'A cat.' }];

describe('share4v_v1', () => {
  it('is vicuna_v1 with a human for a user', () => {
    expect(renderPrompt(SHARE4V_V1, [], 'Q')).toBe(
      "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions. USER: <image>\nQ ASSISTANT:",
    );
  });
});

describe('mistral_instruct', () => {
  it('is the published string', () => {
    expect(renderPrompt(MISTRAL_INSTRUCT, [], 'Q')).toBe('[INST] <image>\nQ [/INST]');
  });

  it('has a space on either side of an answer, and none behind its end', () => {
    expect(renderPrompt(MISTRAL_INSTRUCT, TURNS, 'And now?')).toBe(
      '[INST] <image>\nWhat is it? [/INST] A cat. </s>[INST] And now? [/INST]',
    );
  });

  it('has a system text inside the first turn', () => {
    expect(textBeforeImage(MISTRAL_INSTRUCT, 'Be brief.')).toBe('[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n');
  });
});

describe('llama3', () => {
  it('is the published string', () => {
    expect(renderPrompt(LLAMA3, [], 'Q')).toBe(
      '<|start_header_id|>user<|end_header_id|>\n\n<image>\nQ<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
  });

  it('closes each answer by <|eot_id|>', () => {
    expect(renderPrompt(LLAMA3, TURNS, 'And now?')).toBe(
      '<|start_header_id|>user<|end_header_id|>\n\n<image>\nWhat is it?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n' +
        'A cat.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd now?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
  });

  it('has a system text of its own turn', () => {
    expect(textBeforeImage(LLAMA3, 'Be brief.')).toBe(
      '<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n',
    );
  });
});

describe('phi3', () => {
  it('is the published string', () => {
    expect(renderPrompt(PHI3, [], 'Q')).toBe('<|user|>\n<image>\nQ<|end|>\n<|assistant|>\n');
  });

  it('has a line break behind the end of an answer', () => {
    expect(renderPrompt(PHI3, TURNS, 'And now?')).toBe(
      '<|user|>\n<image>\nWhat is it?<|end|>\n<|assistant|>\nA cat.<|end|>\n<|user|>\nAnd now?<|end|>\n<|assistant|>\n',
    );
  });
});

it.each(FORM_NAMES)('%s goes through JSON unchanged, as kept engines are told of it', (name) => {
  const form = formNamed(name);
  expect(form.name).toBe(name);
  expect(JSON.parse(JSON.stringify(form))).toEqual(form);
});
