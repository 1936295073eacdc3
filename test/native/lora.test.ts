import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageFeatures } from '../../src/engine/local/image-features.js';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { textBeforeImage } from '../../src/llava/conversation.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { checkAdapter } from '../../src/weights/check/check-adapter.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { dequantise } from '../reference/dequantise.js';
import { readGguf, tensorOf, type GgufFile } from '../reference/gguf-reader.js';
import { tensorToWrite, writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { LlamaForward } from '../reference/llama-forward.js';
import { quantise } from '../reference/quantise.js';
import { Seeded } from '../reference/seeded.js';
import { tokenise } from '../reference/tokenise.js';

/* A LoRA adapter to the demo model, against a plain float LLaMA whose matrices have it merged in. */

const folder = temporaryFolder();
const files = {
  model: projectFile('models/demo/model.gguf'),
  mmproj: projectFile('models/demo/mmproj.gguf'),
};
const text = readGguf(files.model);
const RANK = 2;
const ALPHA = 4;
const CHANGED = ['blk.1.attn_q.weight', 'blk.2.ffn_down.weight', 'blk.4.attn_output.weight'];
const QUESTION = 'What color is the circle?\nAnswer the question using a single word or phrase.';
const COLOURS = ['Red', 'Blue', 'Green'];

interface Part {
  readonly name: string;
  /** [in, rank] and [rank, out], rows side by side. */
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly shape: readonly [number, number];
}

const random = new Seeded(5);
const parts: readonly Part[] = CHANGED.map((name) => {
  const [inputs, outputs] = tensorOf(text, name).shape as [number, number];
  const a = Float32Array.from(random.normal(inputs * RANK, 0.35));
  const b = Float32Array.from(random.normal(outputs * RANK, 0.35));
  return { name, a, b, shape: [inputs, outputs] };
});

function writeAdapter(
  name: string,
  metadata: Record<string, TypedValue> = {},
  rename = (tensor: string) => tensor,
) {
  const path = join(folder, name);
  const facts: Record<string, TypedValue> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.type': { type: 'string', value: 'adapter' },
    'adapter.type': { type: 'string', value: 'lora' },
    'adapter.lora.alpha': { type: 'float32', value: ALPHA },
    ...metadata,
  };
  const tensors = parts.flatMap(({ name: target, a, b, shape: [inputs, outputs] }) => [
    tensorToWrite(rename(`${target}.lora_a`), [inputs, RANK], 'F32', a),
    tensorToWrite(rename(`${target}.lora_b`), [RANK, outputs], 'F32', b),
  ]);
  writeGguf(path, { version: 3, metadata: new Map(Object.entries(facts)), tensors });
  return path;
}

/** The model's file with W + alpha / rank · B · A in place of each changed W. */
function merged(): GgufFile {
  const tensors = new Map(text.tensors);
  for (const { name, a, b, shape } of parts) {
    const [inputs, outputs] = shape;
    const tensor = tensorOf(text, name);
    const values = Float32Array.from(dequantise(tensor.type, tensor.bytes, inputs * outputs));
    for (let out = 0; out < outputs; out++)
      for (let input = 0; input < inputs; input++)
        for (let rank = 0; rank < RANK; rank++)
          values[out * inputs + input]! += (ALPHA / RANK) * b[out * RANK + rank]! * a[rank * inputs + input]!;
    tensors.set(name, { ...tensor, type: 'F32', bytes: quantise('F32', values) });
  }
  return { ...text, tensors };
}

function expectedScores(file: GgufFile, { tokens, width, values }: ImageFeatures): readonly number[] {
  const rows = Array.from({ length: tokens }, (_, row) =>
    Float64Array.from(values.subarray(row * width, (row + 1) * width)),
  );
  const question = tokenise(text, `\n${QUESTION} ASSISTANT:`);
  const logits = new LlamaForward(file).evaluate([
    1,
    ...tokenise(text, textBeforeImage(VICUNA_V1)),
    ...rows,
    ...question,
  ]);
  const largest = Math.max(...logits);
  const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return COLOURS.map((colour) => logits[tokenise(text, colour)[0]!]! - total);
}

async function scores(lora?: readonly string[]) {
  await using engine = await openLlamaEngine({ ...files, lora }, { device: 'cpu', threads: 1 });
  const source = { kind: 'file', path: projectFile('examples/shapes.png') } as const;
  const features = await engine.encode(await loadPixels(source, { imageSize: engine.info.imageSize }));
  const found = await engine.look(features).score(QUESTION, COLOURS);
  return { features, found: found.map(({ logLikelihood }) => logLikelihood) };
}

describe('a LoRA adapter', () => {
  it('changes the model as if it were merged', async () => {
    const { features, found } = await scores([writeAdapter('adapter.gguf')]);
    const expected = expectedScores(merged(), features);
    for (const [place, score] of found.entries()) expect(score).toBeCloseTo(expected[place]!, 1);
    const { found: plain } = await scores();
    expect(Math.max(...plain.map((score, place) => Math.abs(score - found[place]!)))).toBeGreaterThan(1);
  }, 60_000);

  it('is taken by llava ask', async () => {
    const args = ['ask', 'What color is the circle?', projectFile('examples/shapes.png'), '-f', 'short'];
    const run = await runLlava([...args, '--lora', writeAdapter('asked.gguf')]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['another kind of file', () => files.model, /is not a LoRA adapter/],
    [
      'another architecture',
      () => writeAdapter('other.gguf', { 'general.architecture': { type: 'string', value: 'phi3' } }),
      /made for "phi3"/,
    ],
    [
      'other matrices',
      () => writeAdapter('names.gguf', {}, (name) => `x.${name}`),
      /changes "x\.blk.+no matrix/,
    ],
    [
      'other shapes',
      () => writeAdapter('shapes.gguf', {}, (name) => name.replace('attn_q', 'ffn_down')),
      /does not fit/,
    ],
    [
      'a scale of whole numbers',
      () => writeAdapter('alpha.gguf', { 'adapter.lora.alpha': { type: 'uint32', value: 4 } }),
      /"adapter\.lora\.alpha" is stored as u32/,
    ],
    [
      'half of a pair',
      () =>
        writeAdapter('half.gguf', {}, (name) =>
          name.replace('1.attn_q.weight.lora_b', '3.attn_q.weight.lora_b'),
        ),
      /lacks the other part of "blk\.1\.attn_q\.weight\.lora_a"/,
    ],
    ['a file that is not there', () => join(folder, 'none.gguf'), /does not exist/],
  ])('is refused when it is %s', async (_, write, message) => {
    await expect(checkAdapter(write(), files.model)).rejects.toThrow(message);
  });

  it('is refused on the command line before anything is loaded', async () => {
    const run = await runLlava(['ask', 'What?', projectFile('examples/shapes.png'), '--lora', files.mmproj]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*is not a LoRA adapter.*\ntry: /);
  });
});
