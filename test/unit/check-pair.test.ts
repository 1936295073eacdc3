import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { checkPair } from '../../src/weights/check/check-pair.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import {
  writeGguf,
  type GgufToWrite,
  type TensorToWrite,
  type TypedValue,
} from '../reference/gguf-writer.js';
import { randomText, type TextOptions } from '../reference/random-text.js';
import { randomVision, type VisionOptions } from '../reference/random-vision.js';

const folder = temporaryFolder();
const modelPath = join(folder, 'model.gguf');
const mmprojPath = join(folder, 'mmproj.gguf');
const SMALL_TEXT: TextOptions = { textWidth: 32, textBlocks: 2, textHidden: 32, vocabularySize: 400 };
const SMALL_VISION: VisionOptions = { blocks: 3, visionWidth: 32, visionHidden: 64, projectorWidth: 32 };

interface Changes {
  /** Undefined takes the entry away. */
  metadata?: Record<string, TypedValue | undefined>;
  tensors?: (tensors: readonly TensorToWrite[]) => readonly TensorToWrite[];
}

function change(file: GgufToWrite, { metadata = {}, tensors = (all) => all }: Changes): GgufToWrite {
  const changed = new Map(file.metadata);
  for (const [key, value] of Object.entries(metadata)) {
    if (value === undefined) changed.delete(key);
    else changed.set(key, value);
  }
  return { ...file, metadata: changed, tensors: tensors(file.tensors) };
}

interface Pair {
  text?: Changes;
  vision?: Changes;
  textOptions?: TextOptions;
  visionOptions?: VisionOptions;
}

function write({ text = {}, vision = {}, textOptions = {}, visionOptions = {} }: Pair): void {
  writeGguf(modelPath, change(randomText({ ...SMALL_TEXT, ...textOptions }), text));
  writeGguf(mmprojPath, change(randomVision({ ...SMALL_VISION, ...visionOptions }), vision));
}

async function failure(model: string, mmproj: string): Promise<ExpectedError> {
  const error = await checkPair(model, mmproj).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExpectedError);
  const { kind, hint } = error as ExpectedError;
  expect(kind).toBe('weights');
  expect(hint).toBeTruthy();
  return error as ExpectedError;
}

const string = (value: string): TypedValue => ({ type: 'string', value });
const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
const without = (name: string) => (all: readonly TensorToWrite[]) =>
  all.filter((one) => !one.name.startsWith(name));
const renamed = (name: string, to: string) => (all: readonly TensorToWrite[]) =>
  all.map((one) => (one.name === name ? { ...one, name: to } : one));

const movedBlocks = (all: readonly TensorToWrite[]) =>
  all.map((one) => ({ ...one, name: one.name.replace('v.blk.0.', 'v.blk.3.') }));

describe('checkPair, on pairs that fit', () => {
  test('says what the engine and the user need to know', async () => {
    write({ textOptions: { textKeyHeads: 2 } });
    expect(await checkPair(modelPath, mmprojPath)).toMatchObject({
      model: {
        path: modelPath,
        name: 'random LLaMA',
        width: 32,
        layers: 2,
        heads: 4,
        keyHeads: 2,
        contextLength: 2048,
        vocabularySize: 400,
        type: 'f32',
      },
      mmproj: {
        path: mmprojPath,
        name: 'random vision tower',
        projectorType: 'mlp',
        imageSize: 56,
        patchSize: 14,
        tokensPerPicture: 16,
        towerWidth: 32,
        blocks: 3,
        heads: 4,
        width: 32,
      },
      imageSize: 56,
      tokensPerPicture: 16,
      width: 32,
      contextLength: 2048,
    });
  });

  test.each<[string, Pair]>([
    [
      'of 2023, without a projector type and as GGUF 2',
      { visionOptions: { projectorType: null, version: 2 } },
    ],
    ['with the first matrix called ffn_up', { visionOptions: { firstMatrix: 'ffn_up' } }],
    ['with an F16 tower', { visionOptions: { visionType: 'F16' } }],
    ['with a Q8_0 tower', { visionOptions: { visionType: 'Q8_0' } }],
    [
      'with the default patch merge type',
      { vision: { metadata: { 'clip.vision.mm_patch_merge_type': string('flat') } } },
    ],
  ])('takes a pair %s', async (_, pair) => {
    write(pair);
    expect((await checkPair(modelPath, mmprojPath)).tokensPerPicture).toBe(16);
  });
});

describe('checkPair, on pairs that do not', () => {
  test('tells swapped files, and one file given twice', async () => {
    write({});
    const swapped = await failure(mmprojPath, modelPath);
    expect(swapped.message).toMatch(/mmproj\.gguf" is the projector and ".*model\.gguf" the language model/);
    expect(swapped.hint).toContain('Swap them');
    expect((await failure(modelPath, modelPath)).message).toContain('is a language model, not a projector');
    expect((await failure(mmprojPath, mmprojPath)).message).toContain('is a projector, not a language model');
  });

  test('names a missing file', async () => {
    write({});
    expect((await failure(modelPath, join(folder, 'none.gguf'))).message).toMatch(
      /none\.gguf" does not exist/,
    );
  });

  test('says both widths where they differ', async () => {
    write({ visionOptions: { projectorWidth: 64 } });
    const { message, hint } = await failure(modelPath, mmprojPath);
    expect(message).toMatch(/mmproj\.gguf" makes image features 64 wide, but ".*model\.gguf" takes 32/);
    expect(hint).toContain('4096 is 7B, 5120 is 13B');
  });

  test.each<[string, Pair, RegExp]>([
    [
      'a context too short for a picture',
      { textOptions: { contextLength: 16 } },
      /context of 16 tokens, but a picture takes 16/,
    ],
    ['another architecture', { text: { metadata: { 'general.architecture': string('qwen2') } } }, /"qwen2"/],
    [
      'no architecture',
      { text: { metadata: { 'general.architecture': undefined } } },
      /no stated architecture/,
    ],
    [
      'another vocabulary',
      { text: { metadata: { 'tokenizer.ggml.model': string('t5') } } },
      /vocabulary "t5"/,
    ],
    ['no vocabulary', { text: { metadata: { 'tokenizer.ggml.model': undefined } } }, /has no vocabulary/],
    [
      'no token embeddings',
      { text: { tensors: without('token_embd') } },
      /lacks the tensor "token_embd\.weight"/,
    ],
    [
      'a width that its heads do not have',
      { text: { metadata: { 'llama.embedding_length': uint32(64) } } },
      /"llama.rope.dimension_count" is 8, and its heads are 16 wide/,
    ],
    [
      'no context length',
      { text: { metadata: { 'llama.context_length': undefined } } },
      /context_length" is missing/,
    ],
    [
      'a context length in words',
      { text: { metadata: { 'llama.context_length': string('x') } } },
      /is ""x"", a count/,
    ],
    ['a missing text block', { text: { tensors: without('blk.1.') } }, /says 2 blocks but stores 1/],
    [
      'one part of several',
      { text: { metadata: { 'split.count': { type: 'uint16', value: 3 } } } },
      /one of 3 parts/,
    ],
    [
      'a tower that is none',
      {
        vision: {
          metadata: { 'general.architecture': string('whisper'), 'clip.has_vision_encoder': undefined },
        },
      },
      /of the architecture "whisper", not a projector/,
    ],
    ['a projector of LLaVA-1.6', { visionOptions: { llava16: true } }, /LLaVA-1\.6/],
    [
      'tiles told by the merge type alone',
      { vision: { metadata: { 'clip.vision.mm_patch_merge_type': string('spatial_unpad') } } },
      /LLaVA-1\.6/,
    ],
    [
      'a newline for tiles',
      { vision: { tensors: renamed('mm.2.bias', 'model.image_newline') } },
      /LLaVA-1\.6/,
    ],
    ['a projector of MobileVLM', { visionOptions: { projectorType: 'ldp' } }, /projector of type "ldp"/],
    [
      'a missing projector matrix',
      { vision: { tensors: without('mm.2.weight') } },
      /lacks the tensor "mm\.2\.weight"/,
    ],
    [
      'a missing tower block',
      { vision: { tensors: without('v.blk.2.') } },
      /says 3 blocks but stores 2, up to number 1/,
    ],
    ['blocks that do not begin at 0', { vision: { tensors: movedBlocks } }, /stores 3, up to number 3/],
    ['a gap among the blocks', { vision: { tensors: without('v.blk.1.') } }, /says 3 blocks but stores 2/],
    [
      'patches that do not divide',
      { vision: { metadata: { 'clip.vision.patch_size': uint32(13) } } },
      /do not divide/,
    ],
    [
      'positions of another size',
      { vision: { metadata: { 'clip.vision.image_size': uint32(70) } } },
      /32×17, not 32×26/,
    ],
    ['no mean colour', { vision: { metadata: { 'clip.vision.image_mean': undefined } } }, /image_mean"/],
  ])('refuses %s', async (_, pair, message) => {
    write(pair);
    expect((await failure(modelPath, mmprojPath)).message).toMatch(message);
  });
});
