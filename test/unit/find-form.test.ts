import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formNamed } from '../../src/llava/conversations/named.js';
import { checkTextModel } from '../../src/weights/check/check-text-model.js';
import { checkForm, findForm } from '../../src/weights/check/find-form.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { LLAMA_3, llama3Vocabulary } from '../reference/llama3-vocabulary.js';
import { llama2Vocabulary } from '../reference/llama2-vocabulary.js';
import { phi3Vocabulary } from '../reference/phi3-vocabulary.js';
import { randomText } from '../reference/random-text.js';

const folder = temporaryFolder();
const VOCABULARIES = { llama2: llama2Vocabulary(), llama3: llama3Vocabulary(), phi3: phi3Vocabulary() };
const SIZES = { llama2: 32_000, llama3: LLAMA_3.tokens.length, phi3: 32_064 };
type VocabularyName = keyof typeof VOCABULARIES;

/** A model's file with that vocabulary, and few numbers. */
function write(
  vocabulary: VocabularyName,
  { name = 'random LLaMA', file = 'model.gguf', changes = new Map<string, TypedValue | undefined>() } = {},
): string {
  const path = join(folder, file);
  const text = randomText({
    textWidth: 2,
    textHeads: 1,
    textBlocks: 1,
    textHidden: 2,
    vocabularySize: SIZES[vocabulary],
    vocabulary: VOCABULARIES[vocabulary],
    textName: name,
    answerable: [],
  });
  const metadata = new Map(text.metadata);
  for (const [key, value] of changes) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  writeGguf(path, { ...text, metadata });
  return path;
}

const checked = async (path: string) => checkTextModel(await readGgufHeader(path));

describe('the form of a model', () => {
  it.each([
    ['llama2', 'LLaMA v2', 'model.gguf', 'vicuna_v1', 'usual'],
    ['llama2', 'LLaMA v2', 'ShareGPT4V-7B_Q5_K_M.gguf', 'share4v_v1', 'name'],
    ['llama2', 'llava-med-v1.5-mistral-7b', 'model.gguf', 'mistral_instruct', 'name'],
    ['llama2', 'llava-llama-3-8b', 'model.gguf', 'vicuna_v1', 'usual'],
    ['llama3', 'llava-llama-3-8b-v1_1', 'model.gguf', 'llama3', 'name'],
    ['llama3', '.', 'model.gguf', 'llama3', 'vocabulary'],
    ['phi3', 'LLaVA-Phi-3-mini', 'model.gguf', 'phi3', 'name'],
    ['phi3', '.', 'llava-phi-3-mini-int4.gguf', 'phi3', 'name'],
    ['phi3', '.', 'model.gguf', 'phi3', 'vocabulary'],
  ] as const)(
    'of %s tokens, called %s in %s, is %s by its %s',
    async (vocabulary, name, file, form, from) => {
      const header = await readGgufHeader(write(vocabulary, { name, file }));
      expect(findForm(header)).toMatchObject({ name: form, from });
    },
  );

  it('cannot be one whose special tokens the vocabulary lacks, and the error names one', async () => {
    const header = await readGgufHeader(write('llama2'));
    expect(findForm(header).possible).toEqual(['vicuna_v1', 'share4v_v1', 'mistral_instruct']);
    expect(() => {
      checkForm(header, formNamed('llama3'));
    }).toThrow('--conversation llama3 needs the token "<|start_header_id|>"');
    expect(() => {
      checkForm(header, formNamed('phi3'));
    }).toThrow('--conversation phi3 needs the token "<|system|>"');
    checkForm(header, formNamed('mistral_instruct'));
  });
});

describe('how text is cut into words', () => {
  let path: string;
  beforeAll(() => {
    path = write('llama3');
  });

  it('is told to llama.cpp for Llama 3’s vocabulary, where the file does not', async () => {
    const { preTokenizer, warning, vocabularyKind } = await checked(path);
    expect({ preTokenizer, warning, vocabularyKind }).toEqual({
      preTokenizer: 'llama-bpe',
      warning: undefined,
      vocabularyKind: 'gpt2',
    });
  });

  it('is left to a file that says it, and to SentencePiece', async () => {
    const pre: TypedValue = { type: 'string', value: 'llama-bpe' };
    const stated = write('llama3', { changes: new Map([['tokenizer.ggml.pre', pre]]) });
    expect((await checked(stated)).preTokenizer).toBeUndefined();
    expect((await checked(write('phi3'))).preTokenizer).toBeUndefined();
  });

  it('is warned of, and not guessed, for another vocabulary of byte pairs', async () => {
    const tokens = LLAMA_3.tokens.with(128_009, '<|other|>');
    const items: TypedValue = { type: 'array', of: 'string', items: tokens };
    const other = write('llama3', { changes: new Map([['tokenizer.ggml.tokens', items]]) });
    const { preTokenizer, warning } = await checked(other);
    expect(preTokenizer).toBeUndefined();
    expect(warning).toMatch(/tokenizer\.ggml\.pre/);
  });

  it.each([
    ['no merges', 'tokenizer.ggml.merges', undefined, /no "tokenizer.ggml.merges"/],
    ['no beginning', 'tokenizer.ggml.bos_token_id', undefined, /bos_token_id/],
    [
      'a byte without a token',
      'tokenizer.ggml.tokens',
      { type: 'array', of: 'string', items: LLAMA_3.tokens.with(LLAMA_3.tokens.indexOf('Ġ'), 'quiz!?') },
      /no token for the byte 20, "Ġ"/,
    ],
  ] as const)('refuses byte pairs with %s', async (_, key, value, says) => {
    const changes = new Map<string, TypedValue | undefined>([[key, value]]);
    await expect(checked(write('llama3', { changes }))).rejects.toThrow(says);
  });
});
