import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CacheFolder } from '../../src/engine/local/caches/cache-folder.js';
import type { Sampling } from '../../src/engine/engine.js';
import { openLlamaEngine, type LlamaEngine, type OpenOptions } from '../../src/engine/local/llama-engine.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
let folders = 0;
const demo = (name: string) => projectFile(`models/demo/${name}.gguf`);
const files = { model: demo('model'), mmproj: demo('mmproj') };
const sampled: Sampling = { temperature: 1, topP: 1, seed: 7, maxTokens: 40 };
const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const engine of opened) await engine[Symbol.asyncDispose]();
});

async function open(
  path: string,
  options: Partial<OpenOptions> = {},
  weights = 'demo',
): Promise<LlamaEngine> {
  const prefixes = { folder: new CacheFolder(path, 1e9), weights };
  const engine = await openLlamaEngine(files, {
    device: 'cpu',
    threads: 1,
    contextSize: 512,
    prefixes,
    ...options,
  });
  opened.push(engine);
  return engine;
}

async function ask(engine: LlamaEngine, picture = 'shapes.png', systemText?: string) {
  const path = projectFile(`examples/${picture}`);
  const pixels = await loadPixels({ kind: 'file', path }, { imageSize: engine.info.imageSize });
  const prefix = engine.look(await engine.encode(pixels), systemText);
  let answer = '';
  for await (const event of prefix.ask('Describe the picture in detail.', sampled)) {
    if (event.type === 'text') answer += event.text;
    else return { answer, isEvaluated: event.usage.evaluatedTokens > prefix.tokens };
  }
  throw new Error('The answer has no end.');
}

const freshFolder = () => join(folder, `prefixes-${folders++}`);
const entries = (path: string) => readdirSync(path).filter((name) => name.endsWith('.prefix'));

describe('kept prefixes', () => {
  it('answer as evaluated ones do, in another engine', async () => {
    const path = freshFolder();
    const first = await ask(await open(path));
    expect(first.isEvaluated).toBe(true);
    expect(entries(path)).toHaveLength(1);
    const again = await ask(await open(path, { contextSize: 300 }));
    expect(again).toEqual({ answer: first.answer, isEvaluated: false });
  });

  it('are of one picture, one system text, the same weights and the same way of computing', async () => {
    const path = freshFolder();
    const engine = await open(path);
    await ask(engine);
    expect(await ask(engine, 'shapes.png', 'Answer with care.')).toMatchObject({ isEvaluated: true });
    expect(await ask(await open(path, {}, 'others'))).toMatchObject({ isEvaluated: true });
    const packed = { gpuLayers: 0, towerOn: 'cpu', sequences: 1, kvType: 'q8_0', mapsModel: true } as const;
    const placement = { ...packed, contextSize: 512 };
    expect(await ask(await open(path, { placement }))).toMatchObject({ isEvaluated: true });
    expect(entries(path)).toHaveLength(4);
    expect(await ask(await open(path))).toMatchObject({ isEvaluated: false });
  });

  it('are evaluated anew when they are damaged', async () => {
    const path = freshFolder();
    const good = await ask(await open(path));
    const [name] = entries(path) as [string];
    const bytes = readFileSync(join(path, name));
    for (const damaged of [
      bytes.subarray(0, bytes.length - 1),
      bytes.subarray(0, 20),
      Buffer.alloc(0),
      Buffer.from(bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte))),
    ]) {
      writeFileSync(join(path, name), damaged);
      expect(await ask(await open(path))).toEqual({ ...good, isEvaluated: true });
      expect(readFileSync(join(path, name)).equals(bytes)).toBe(true);
    }
  });

  it('that llama.cpp refuses although they are whole are evaluated anew', async () => {
    const path = freshFolder();
    const good = await ask(await open(path));
    const [name] = entries(path) as [string];
    const key = name.replace('.prefix', '');
    await new CacheFolder(path, 1e9).keep('prefix', key, (temporary) => {
      writeFileSync(temporary, Buffer.alloc(5000, 'no state'));
      return Promise.resolve();
    });
    expect(await ask(await open(path))).toEqual({ ...good, isEvaluated: true });
  });

  it('that cannot be kept are no error', async () => {
    const path = join(freshFolder(), 'file');
    mkdirSync(join(path, '..'));
    writeFileSync(path, '');
    const said: string[] = [];
    const prefixes = { folder: new CacheFolder(path, 1e9, (reason) => said.push(reason)), weights: 'demo' };
    expect(await ask(await open(path, { prefixes }))).toMatchObject({ isEvaluated: true });
    expect(said).toHaveLength(1);
  });
});

describe('a tower that is read when it is needed', () => {
  it('encodes as one read at once', async () => {
    const engine = await open(freshFolder());
    const { imageSize, imageTokens: tokens, width } = engine.info;
    const later = await open(freshFolder(), { towerShape: { imageSize, tokens, width } });
    expect(await ask(later)).toEqual(await ask(engine));
  });

  it('says at every picture what is wrong with its file', async () => {
    const { imageSize, imageTokens: tokens, width } = (await open(freshFolder())).info;
    const engine = await openLlamaEngine(
      { ...files, mmproj: projectFile('package.json') },
      { device: 'cpu', threads: 1, contextSize: 300, towerShape: { imageSize, tokens, width } },
    );
    opened.push(engine);
    await expect(ask(engine)).rejects.toMatchObject({ kind: 'weights' });
    await expect(ask(engine)).rejects.toMatchObject({ kind: 'weights' });
  });
});
