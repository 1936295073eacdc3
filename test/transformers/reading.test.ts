import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LoraCheckpoint, ModelCheckpoint } from '../../src/checkpoints/checkpoint.js';
import { readSafetensors } from '../../src/checkpoints/files/read-safetensors.js';
import { readTorchFile } from '../../src/checkpoints/files/read-torch-file.js';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.js';
import { partOfTensor } from '../../src/checkpoints/layout/part-of-tensor.js';
import { readGguf, type GgufFile } from '../reference/gguf-reader.js';
import { floatsOfTensor, MADE, referenceOf, shapesWith } from './checkpoints-made.js';

const LORAS = shapesWith('base');
const MODELS = shapesWith('checkpoint').filter((shape) => !LORAS.includes(shape));

async function openModel(folder: string): Promise<ModelCheckpoint> {
  const opened = await openCheckpoint(folder);
  if (opened.layout !== 'llava' && opened.layout !== 'llava-hf')
    throw new Error(`It opened as ${opened.layout}`);
  return opened;
}

/** The merged model's tensors as float32, from transformers, by part and name. */
async function expectedTensors(shape: string) {
  const tensors = await readSafetensors(join(MADE, shape, 'tensors', 'model.safetensors'));
  return tensors.map((tensor) => ({ ...partOfTensor(tensor.name)!, tensor }));
}

describe.each(MODELS)('the checkpoint %s', (shape) => {
  const folder = join(MADE, shape, 'checkpoint');

  it('has the settings that transformers was given', async () => {
    const { text, vision, picture, projector, layout } = await openModel(folder);
    const { imageSize, featureShape, rows } = referenceOf(shape);
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const own = (config['text_config'] ?? config) as Record<string, unknown>;
    expect(layout).toBe(shape.startsWith('authors') ? 'llava' : 'llava-hf');
    expect(text).toMatchObject({
      hiddenSize: own['hidden_size'],
      layers: own['num_hidden_layers'],
      heads: own['num_attention_heads'],
      kvHeads: own['num_key_value_heads'],
      feedForwardSize: own['intermediate_size'],
      rmsNormEpsilon: own['rms_norm_eps'],
      contextLength: own['max_position_embeddings'],
      vocabularyRows: rows,
      tied: shape === 'tied',
    });
    expect(projector.outputSize).toBe(featureShape[1]);
    if (shape !== 'authors')
      expect(vision).toMatchObject({ imageSize, patchSize: 14, width: 128, layers: 4, heads: 2 });
    expect(picture).toMatchObject({ featureLayer: shape === 'gelu-tower' ? -1 : -2, featureSelect: 'patch' });
  });

  it('has every number of every tensor', async () => {
    const { parts } = await openModel(folder);
    for (const { part, name, tensor } of await expectedTensors(shape)) {
      if (shape === 'authors' && part === 'tower') continue;
      const found = parts[part].get(name)!;
      expect(found.shape, name).toEqual(tensor.shape);
      const [own, expected] = [await floatsOfTensor(found), await floatsOfTensor(tensor)];
      expect(
        own.every((value, at) => Object.is(value, expected[at])),
        name,
      ).toBe(true);
    }
  });
});

describe('a tower by itself', () => {
  it('has the numbers of the model that it was taken from', async () => {
    const tower = await openCheckpoint(join(MADE, 'authors', 'tower'));
    expect(tower).toMatchObject({
      layout: 'clip',
      vision: { imageSize: 56, width: 128, layers: 4, heads: 2 },
    });
    for (const { part, name, tensor } of await expectedTensors('authors')) {
      if (part !== 'tower' || name.startsWith('post_layernorm')) continue;
      expect(Buffer.compare(await tower.parts.tower.get(name)!.read(), await tensor.read()), name).toBe(0);
    }
  });
});

describe.each(shapesWith('text.gguf'))('the vocabulary of %s', (shape) => {
  const reference = readGguf(join(MADE, shape, 'text.gguf'));

  it('is what llama.cpp’s converter writes', async () => {
    const { vocabulary, text } = await openModel(join(MADE, shape, 'checkpoint'));
    const own = new Map<string, unknown>([
      ['model', vocabulary.model],
      ['pre', vocabulary.pre],
      ['tokens', vocabulary.tokens],
      ['scores', vocabulary.scores],
      ['token_type', vocabulary.types],
      ['merges', vocabulary.merges],
      ['add_space_prefix', vocabulary.addSpacePrefix],
      ...[...vocabulary.specialTokens].map(([role, id]) => [idKey(role), id] as const),
      ...[...vocabulary.addedTokens].map(([role, isAdded]) => [`add_${role}_token`, isAdded] as const),
    ]);
    const defined = [...own].filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(defined)).toEqual(tokenizerKeys(reference));
    expect(vocabulary.tokens).toHaveLength(text.vocabularyRows);
  });

  it('comes with its keys in the converter’s order', async () => {
    const { vocabulary } = await openModel(join(MADE, shape, 'checkpoint'));
    const keys = Object.keys(tokenizerKeys(reference));
    expect(keys.filter((key) => key.endsWith('_token_id'))).toEqual(
      [...vocabulary.specialTokens.keys()].map(idKey),
    );
    expect(keys.filter((key) => /^add_.*_token$/.test(key))).toEqual(
      [...vocabulary.addedTokens.keys()].map((role) => `add_${role}_token`),
    );
  });
});

function idKey(role: string): string {
  return (
    { unk: 'unknown_token_id', sep: 'seperator_token_id', pad: 'padding_token_id' }[role] ??
    `${role}_token_id`
  );
}

function tokenizerKeys({ metadata }: GgufFile): Record<string, unknown> {
  const keys = [...metadata].filter(([key]) => key.startsWith('tokenizer.ggml.'));
  return Object.fromEntries(keys.map(([key, value]) => [key.slice('tokenizer.ggml.'.length), value]));
}

describe.each(LORAS)('the adapter %s', (shape) => {
  it('merged into its base is the model that PEFT merges', async () => {
    const opened = await openCheckpoint(join(MADE, shape, 'checkpoint'));
    expect(opened.layout).toBe('lora');
    const lora = opened as LoraCheckpoint;
    const base = await openModel(join(MADE, shape, 'base'));
    const counts = { text: 0, tower: 0, projector: 0 };
    for (const { part, name, tensor } of await expectedTensors(shape)) {
      const merged = await floatsOfTensor(lora.parts[part].get(name) ?? base.parts[part].get(name)!);
      const pair = lora.pairs[part].get(name.replace(/\.weight$/, ''));
      if (pair !== undefined && name.endsWith('.weight')) {
        counts[part]++;
        const [rank = 0, inputs = 0] = pair.a.shape;
        const [a, b] = [await floatsOfTensor(pair.a), await floatsOfTensor(pair.b)];
        for (let row = 0; row < (pair.b.shape[0] ?? 0); row++)
          for (let column = 0; column < inputs; column++)
            for (let k = 0; k < rank; k++)
              merged[row * inputs + column]! += pair.scale * b[row * rank + k]! * a[k * inputs + column]!;
      }
      const expected = await floatsOfTensor(tensor);
      const farthest = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - merged[at]!)), 0);
      expect(farthest, name).toBeLessThan(1e-5);
    }
    expect(counts).toEqual({ text: 21, tower: shape === 'lora-authors' ? 24 : 0, projector: 0 });
    expect(lora.projector).toEqual({ inputSize: 128, outputSize: 128 });
  });
});

describe('what torch.save writes', () => {
  const folder = join(MADE, 'torch-files');
  const names = readdirSync(folder).filter((name) => name.endsWith('.bin'));

  it.each(names)('%s is read', async (name) => {
    const expected = await readSafetensors(join(folder, name.replace('.bin', '.safetensors')));
    const found = new Map((await readTorchFile(join(folder, name))).map((tensor) => [tensor.name, tensor]));
    expect([...found.keys()].sort()).toEqual(expected.map((tensor) => tensor.name).sort());
    for (const tensor of expected) {
      const own = found.get(tensor.name)!;
      expect([own.type, own.shape], tensor.name).toEqual([tensor.type, tensor.shape]);
      expect(Buffer.from(await own.read()), tensor.name).toEqual(Buffer.from(await tensor.read()));
      const [rows = 0] = own.shape;
      const byRows = await Promise.all(
        Array.from({ length: rows }, async (_, row) => await own.readRows(row, 1)),
      );
      if (own.shape.length > 0)
        expect(Buffer.concat(byRows), tensor.name).toEqual(Buffer.from(await tensor.read()));
    }
  });

  it.each(readdirSync(join(folder, 'refused')))('%s is refused', async (name) => {
    const said = {
      'set.bin': /"__builtin__\.set"/,
      'TorchScript.bin': /TorchScript program/,
      'torch before 1.6.bin': /format of torch before 1\.6/,
      'no tensors by name.bin': /holds no tensors by name/,
      'torch_files.HasState.bin': /"(?:torch_files\.HasState|copy_reg\._reconstructor)"/,
    }[name];
    await expect(readTorchFile(join(folder, 'refused', name))).rejects.toMatchObject({
      kind: 'weights',
      message: expect.stringMatching(said ?? `"${name.slice(0, -4)}"`) as string,
    });
  });
});
