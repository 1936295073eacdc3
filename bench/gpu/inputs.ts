import { mkdirSync, writeFileSync } from 'node:fs';
import { drawScenes, type DrawnScene } from '../../src/eval/demo/demo-scenes.js';
import { readGguf, tensorOf } from '../../test/reference/gguf-reader.js';
import { tensorToWrite, writeGguf } from '../../test/reference/gguf-writer.js';
import { Seeded } from '../../test/reference/seeded.js';
import { SHAPE_OF_7B, writeRandomWeights, type PairShape, type RandomType } from '../write-random-weights.js';
import type { Kit } from './kit.js';

/** Stands in for 7B where there is no real card. */
const SMALL_SHAPE: PairShape = {
  text: { width: 256, blocks: 4, heads: 4, feedForward: 512, vocabulary: 32000 },
  vision: { blocks: 2, visionWidth: 64, visionHeads: 4, visionHidden: 128, imageSize: 56, patchSize: 14 },
};

/** Folder of a random pair with such a language model. */
export function pairFolder(kit: Kit, type: RandomType): string {
  return kit.path('weights', type);
}

export function pairFiles(kit: Kit, type: RandomType): { readonly model: string; readonly mmproj: string } {
  return { model: `${pairFolder(kit, type)}/model.gguf`, mmproj: `${pairFolder(kit, type)}/mmproj.gguf` };
}

/** Flags that choose it. */
export function pairFlags(kit: Kit, type: RandomType = 'Q4_0'): readonly string[] {
  const { model, mmproj } = pairFiles(kit, type);
  return ['--gguf', model, '--mmproj', mmproj];
}

/** Flags that put everything on the device. */
export function onDevice({ device }: Kit): readonly string[] {
  return ['--device', device, ...(device === 'cpu' ? [] : ['--gpu-layers', 'all'])];
}

export function writeWeights(kit: Kit, type: RandomType): void {
  writeRandomWeights(pairFolder(kit, type), kit.isReal ? SHAPE_OF_7B : SMALL_SHAPE, type);
}

/** The demo world's pictures with their questions, in files of the kit. */
export async function scenes(kit: Kit, count: number): Promise<readonly DrawnScene[]> {
  const folder = kit.path('scenes');
  mkdirSync(folder, { recursive: true });
  const drawn: DrawnScene[] = [];
  for await (const scene of drawScenes(folder, 0, count)) drawn.push(scene);
  return drawn;
}

/** Writes a file of rows and answers with its path. */
export function writeRows(kit: Kit, name: string, rows: readonly object[]): string {
  const path = kit.path(`${name}.jsonl`);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** Rows of the demo world, in all formats. */
export async function demoRows(kit: Kit, count: number): Promise<readonly object[]> {
  const drawn = await scenes(kit, Math.ceil(count / 10));
  return drawn
    .flatMap(({ path, questions }) =>
      questions.map(({ question, format, choices }) => ({ image: path, question, format, choices })),
    )
    .slice(0, count)
    .map((row, id) => ({ id, ...row }));
}

/** A random adapter to the demo model, strong enough to change answers. */
export function writeAdapter(kit: Kit): string {
  const path = kit.path('adapter.gguf');
  const random = new Seeded(5);
  const rank = 2;
  const text = readGguf(kit.path('app/models/demo/model.gguf'));
  const part = (name: string, shape: readonly [number, number]) =>
    tensorToWrite(name, shape, 'F32', random.normal(shape[0] * shape[1], 0.35));
  writeGguf(path, {
    version: 3,
    metadata: new Map([
      ['general.architecture', { type: 'string', value: 'llama' }],
      ['general.type', { type: 'string', value: 'adapter' }],
      ['adapter.type', { type: 'string', value: 'lora' }],
      ['adapter.lora.alpha', { type: 'float32', value: 4 }],
    ]),
    tensors: ['blk.1.attn_q.weight', 'blk.4.attn_output.weight'].flatMap((name) => {
      const [inputs, outputs] = tensorOf(text, name).shape as [number, number];
      return [part(`${name}.lora_a`, [inputs, rank]), part(`${name}.lora_b`, [rank, outputs])];
    }),
  });
  return path;
}
