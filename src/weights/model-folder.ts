import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { isTower } from './check/check-pair.js';
import { readGgufHeader } from './gguf/gguf-header.js';

/**
 * The two files of a model in a folder that holds both, told apart by their headers whatever they are called.
 * Files that are no whole GGUF are passed over when the others are a pair.
 * @throws ExpectedError('weights') when one of the two is missing, when there are several, or nothing can be read
 */
export async function findPairInFolder(folder: string): Promise<{ model: string; mmproj: string }> {
  const models: string[] = [];
  const mmprojs: string[] = [];
  const failures: unknown[] = [];
  for (const path of await ggufFiles(folder)) {
    try {
      (isTower(await readGgufHeader(path)) ? mmprojs : models).push(path);
    } catch (error) {
      failures.push(error);
    }
  }
  const [model, ...otherModels] = models;
  const [mmproj, ...otherMmprojs] = mmprojs;
  if (otherModels.length > 0 || otherMmprojs.length > 0) throw severalFiles(folder, models, mmprojs);
  if (model !== undefined && mmproj !== undefined) return { model, mmproj };
  if (failures.length > 0) throw failures[0];
  throw missingFile(folder, model, mmproj);
}

async function ggufFiles(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  try {
    for (const name of (await readdir(folder)).sort()) {
      if (!/\.gguf$/i.test(name)) continue;
      const stats = await stat(join(folder, name)).catch(() => undefined);
      if (stats?.isFile() === true) paths.push(join(folder, name));
    }
    return paths;
  } catch (cause) {
    throw new ExpectedError('weights', `The folder ${quote(folder)} cannot be read.`, {
      hint: 'Name a folder that holds a language model and its mmproj as .gguf files.',
      cause,
    });
  }
}

function severalFiles(folder: string, models: readonly string[], mmprojs: readonly string[]): ExpectedError {
  const lists = [
    models.length > 1 ? `${models.length} language models (${list(models)})` : undefined,
    mmprojs.length > 1 ? `${mmprojs.length} projectors (${list(mmprojs)})` : undefined,
  ];
  const held = lists.filter((one) => one !== undefined).join(' and ');
  const example = `--gguf ${models[0] ?? 'MODEL.gguf'} --mmproj ${mmprojs[0] ?? 'MMPROJ.gguf'}`;
  return new ExpectedError('weights', `The folder ${quote(folder)} holds ${held}.`, {
    hint: `Choose one of each: ${example}`,
  });
}

function missingFile(folder: string, model: string | undefined, mmproj: string | undefined): ExpectedError {
  const name = `The folder ${quote(folder)}`;
  if (model !== undefined) {
    return new ExpectedError(
      'weights',
      `${name} holds a language model (${list([model])}), but no projector.`,
      {
        hint: 'Put the mmproj file that was published with the model beside it, or name it with --mmproj.',
      },
    );
  }
  if (mmproj !== undefined) {
    return new ExpectedError(
      'weights',
      `${name} holds a projector (${list([mmproj])}), but no language model.`,
      {
        hint: 'Put the language model beside it, or name it with --gguf.',
      },
    );
  }
  return new ExpectedError('weights', `${name} holds no .gguf files.`, {
    hint: 'Name a folder that holds a language model and its mmproj.',
  });
}

function list(paths: readonly string[]): string {
  return paths.map((path) => quote(path, 80)).join(', ');
}
