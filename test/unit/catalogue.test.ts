import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  builtInFiles,
  findModel,
  isHubFile,
  listModels,
  readCatalogue,
  readCatalogueWith,
} from '../../src/weights/catalogue.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const catalogue = readCatalogue();

describe('models.json', () => {
  it('has the demo model, at most 8 MB of it', () => {
    const files = builtInFiles(findModel('demo', catalogue));
    expect(statSync(files!.model).size + statSync(files!.mmproj).size).toBeLessThanOrEqual(8e6);
  });

  it('has LLaVA-1.5 7B for its default', () => {
    expect(findModel(undefined, catalogue).name).toBe('llava-1.5-7b');
    expect(findModel('7B', catalogue).name).toBe('llava-1.5-7b');
  });

  it('has the published hashes and revision, to the letter', () => {
    expect(findModel('llava-1.5-7b', catalogue).files).toMatchObject({
      model: {
        repo: 'second-state/Llava-v1.5-7B-GGUF',
        revision: '91120359e17c49efa3f156f001d7edd6a1affcf4',
        path: 'llava-v1.5-7b-Q4_K_M.gguf',
        sha256: '2687b20ac8b7a23f6c70296d5b1e7f908fef2ce4769ecdebd1bb9503528a75bf',
      },
      mmproj: {
        repo: 'second-state/Llava-v1.5-7B-GGUF',
        revision: '91120359e17c49efa3f156f001d7edd6a1affcf4',
        path: 'llava-v1.5-7b-mmproj-model-f16.gguf',
        bytes: 624_434_368,
        sha256: '50da4e5b0a011615f77686f9b02613571e65d23083c225e107c08c3b1775d9b1',
      },
    });
  });

  it.each([
    [
      'llava-llama-3-8b-v1.1',
      'llama3',
      '344f1bfe987bcbdc7e650b134d23670d5ffb5892',
      [4_921_246_944, 'b6e1d703db0da8227fdb7127d8716bbc5049c9bf17ca2bb345be9470d217f3fc'],
      [624_434_368, 'eb569aba7d65cf3da1d0369610eb6869f4a53ee369992a804d5810a80e9fa035'],
    ],
    [
      'fast',
      'phi3',
      'ab13dda950362ee1ce3bbc1bb56b376fd610f223',
      [2_318_919_200, '377876be20bac24488716c04824ab3a6978900679b40013b0d2585004555e658'],
      [607_648_960, '004fc09697203296f72321b296a8d48aade2d23e553cbfb1c1e6a0b5157a08d5'],
    ],
  ] as const)('pins %s, which talks in %s', (name, conversation, revision, model, mmproj) => {
    const found = findModel(name, catalogue);
    expect(found.conversation).toBe(conversation);
    expect(found.files).toMatchObject({
      model: { revision, bytes: model[0], sha256: model[1] },
      mmproj: { revision, bytes: mmproj[0], sha256: mmproj[1] },
    });
  });

  it('locks what has no published digest when it is first downloaded', () => {
    const { files, conversation } = findModel('sharegpt4v-7b', catalogue);
    expect(conversation).toBe('share4v_v1');
    expect(files.model).toHaveProperty(
      'sha256',
      '9611a4e45d320abb616fff29a3385095f06e0930dedb805af97945712787bbcc',
    );
    expect(files.mmproj).not.toHaveProperty('sha256');
  });

  it('says of every model how it talks', () => {
    for (const { name, conversation } of listModels(catalogue))
      expect([name, conversation]).toEqual([name, expect.stringMatching(/^\w+$/)]);
  });

  it('gives each name and alias to one model only', () => {
    const names = listModels(catalogue).flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(names.map((name) => name.toLowerCase()));
  });

  it('says of every file of the hub how large it is, at least roughly', () => {
    const files = listModels(catalogue)
      .flatMap(({ files: { model, mmproj } }) => [model, mmproj])
      .filter(isHubFile);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect(file.bytes ?? file.roughBytes).toBeGreaterThan(1e8);
  });

  it('counts for the memory both files and the KV cache', () => {
    for (const { files, memoryMiB } of listModels(catalogue)) {
      if (!isHubFile(files.model) || !isHubFile(files.mmproj)) continue;
      const bytes =
        (files.model.bytes ?? files.model.roughBytes!) + (files.mmproj.bytes ?? files.mmproj.roughBytes!);
      expect(memoryMiB - bytes / 2 ** 20).toBeGreaterThan(500);
      expect(memoryMiB - bytes / 2 ** 20).toBeLessThan(3600);
    }
  });
});

describe('findModel', () => {
  it('names the way on when asked for what there is not', () => {
    expect(() => findModel('99b', catalogue)).toThrow('no model "99b"');
    expect(() => findModel('toString', catalogue)).toThrow('no model "tostring"');
  });
});

describe("a catalogue of the user's own", () => {
  const folder = temporaryFolder();
  const write = (content: unknown) => {
    const path = join(folder, 'own.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const demo = (JSON.parse(readFileSync(projectFile('models.json'), 'utf8')) as { models: { demo: object } })
    .models.demo;

  it('adds to the models that come with the tool, with paths from its own folder', () => {
    const files = { model: { path: 'a.gguf' }, mmproj: { path: 'sub/b.gguf' } };
    const own = readCatalogueWith(write({ models: { mine: { ...demo, files } } }));
    expect(own.default).toBe('llava-1.5-7b');
    expect(builtInFiles(findModel('mine', own))).toEqual({
      model: join(folder, 'a.gguf'),
      mmproj: join(folder, 'sub', 'b.gguf'),
    });
    expect(builtInFiles(findModel('demo', own))).toEqual(builtInFiles(findModel('demo', catalogue)));
  });

  it.each([
    ['no JSON', 'models:'],
    ['an unknown key', { models: {}, modles: {} }],
    ['a model without files', { models: { mine: { ...demo, files: undefined } } }],
    ['a path that climbs', { models: { mine: { ...demo, files: hub('../x.gguf') } } }],
    ['a hash that is none', { models: { mine: { ...demo, files: hub('x.gguf', 'abc') } } }],
  ])('%s is refused by name', (_, content) => {
    expect(() => readCatalogueWith(write(content))).toThrow(/catalogue "[^"]+own\.json" cannot be used/);
  });

  function hub(path: string, sha256?: string): object {
    const file = { repo: 'a/b', revision: 'main', path, ...(sha256 === undefined ? {} : { sha256 }) };
    return { model: file, mmproj: file };
  }
});
