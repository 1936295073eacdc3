import { copyFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { findPairInFolder } from '../../src/weights/model-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeRandomPair } from '../reference/random-pair.js';

const folder = temporaryFolder();
const pair = writeRandomPair(join(folder, 'pair'), {
  textWidth: 32,
  textBlocks: 1,
  vocabularySize: 400,
  blocks: 2,
});
let made = 0;

function folderOf(files: Record<string, string>): string {
  const path = join(folder, String(made++));
  mkdirSync(path);
  for (const [name, source] of Object.entries(files)) copyFileSync(source, join(path, name));
  return path;
}

async function failure(path: string): Promise<ExpectedError> {
  const error = await findPairInFolder(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExpectedError);
  return error as ExpectedError;
}

test('tells the two by their headers, whatever they are called', async () => {
  const path = folderOf({ 'mmproj.gguf': pair.model, 'model.GGUF': pair.mmproj, 'README.md': pair.model });
  expect(await findPairInFolder(path)).toEqual({
    model: join(path, 'mmproj.gguf'),
    mmproj: join(path, 'model.GGUF'),
  });
});

test('follows links, and passes over half a file beside a pair', async () => {
  const path = folderOf({ 'cut.gguf': pair.model });
  truncateSync(join(path, 'cut.gguf'), 100);
  symlinkSync(pair.model, join(path, 'a.gguf'));
  symlinkSync(pair.mmproj, join(path, 'b.gguf'));
  symlinkSync(join(path, 'none'), join(path, 'c.gguf'));
  expect(await findPairInFolder(path)).toEqual({ model: join(path, 'a.gguf'), mmproj: join(path, 'b.gguf') });
});

test('says which of the two is missing', async () => {
  expect((await failure(folderOf({ 'a.gguf': pair.model }))).message).toMatch(
    /"[^"]*a\.gguf"\), but no projector/,
  );
  expect((await failure(folderOf({ 'b.gguf': pair.mmproj }))).message).toMatch(
    /b\.gguf"\), but no language model/,
  );
  expect((await failure(folderOf({}))).message).toContain('holds no .gguf file');
  expect((await failure(join(folder, 'nowhere'))).message).toMatch(/nowhere" cannot be read/);
});

test('blames the damaged file when there is no pair without it', async () => {
  const path = folderOf({ 'a.gguf': pair.model });
  writeFileSync(join(path, 'b.gguf'), '');
  expect((await failure(path)).message).toMatch(/b\.gguf" is empty/);
});

test('lists several, and shows how to choose', async () => {
  const path = folderOf({ 'a.gguf': pair.model, 'b.gguf': pair.model, 'c.gguf': pair.mmproj });
  const { message, hint } = await failure(path);
  expect(message).toMatch(/holds 2 language models \(".*a\.gguf", ".*b\.gguf"\)\.$/);
  expect(hint).toContain(`--gguf ${join(path, 'a.gguf')} --mmproj ${join(path, 'c.gguf')}`);
});
