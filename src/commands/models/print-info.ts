import { stat } from 'node:fs/promises';
import { ExpectedError } from '../../llava/expected-error.js';
import { writeJson } from '../../terminal/io.js';
import { findModel } from '../../weights/catalogue.js';
import { checkPair, isTower, type PairInfo } from '../../weights/check/check-pair.js';
import { checkMmproj } from '../../weights/check/check-mmproj.js';
import { checkTextModel } from '../../weights/check/check-text-model.js';
import { readGgufHeader } from '../../weights/gguf/gguf-header.js';
import { findPairInFolder } from '../../weights/model-folder.js';
import { filesOnDisk } from '../../opening/find-weights.js';
import type { CommandContext } from '../command-context.js';
import { catalogueOf } from '../../opening/environment.js';
import { describeLicence } from '../../weights/describe-licence.js';
import { describeModel, describePair, describeMmproj } from './describe-pair.js';
import { describeNeeds, memoryNeeds } from './describe-plan.js';
import type { JsonFlag } from '../options/option-groups.js';

/** Prints what headers say: of a model of the catalogue, a folder, one file or two. */
export async function printInfo(
  names: readonly string[],
  flags: JsonFlag,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const { facts, text } = await describe(names, context);
  if (flags.json === true) writeJson(io, facts);
  else io.stdout.write(text);
}

interface Description {
  /** For programs. */
  readonly facts: object;
  /** For people. */
  readonly text: string;
}

async function describe(names: readonly string[], context: CommandContext): Promise<Description> {
  if (names.length > 2)
    throw new ExpectedError('usage', `A pair has two files, not ${names.length}.`, {
      hint: 'llava models info MODEL.gguf MMPROJ.gguf',
    });
  const [first, second] = names;
  if (first !== undefined && second !== undefined)
    return ofPair(await checkPair(...(await inOrder(first, second))));
  const kind = first === undefined ? 'name' : await kindOf(first);
  if (first !== undefined && kind === 'folder') {
    const { model, mmproj } = await findPairInFolder(first);
    return ofPair(await checkPair(model, mmproj));
  }
  return first !== undefined && kind === 'file' ? await ofFile(first) : await ofCatalogue(first, context);
}

async function kindOf(name: string): Promise<'folder' | 'file' | 'name'> {
  const stats = await stat(name).catch(() => undefined);
  if (stats?.isDirectory() === true) return 'folder';
  return stats !== undefined || /[/\\]|\.gguf$/i.test(name) ? 'file' : 'name';
}

async function ofCatalogue(name: string | undefined, context: CommandContext): Promise<Description> {
  const model = findModel(name, catalogueOf(context.io.env));
  const licence = describeLicence(model.licence);
  const files = await filesOnDisk(model, context.io.env);
  const form = model.conversation === undefined ? '' : `conversation: ${model.conversation}\n`;
  const head = `${model.name}: ${model.about}\nlicence: ${licence}\n${form}`;
  if (files === undefined)
    return {
      facts: model,
      text: `${head}Its files are not on this machine. Next: llava pull ${model.name}\n`,
    };
  const { facts, text } = ofPair(await checkPair(files.model, files.mmproj));
  return { facts: { ...model, ...facts }, text: head + text };
}

function ofPair(pair: PairInfo): Description {
  const { sizes, ...facts } = pair;
  const memory = memoryNeeds(sizes);
  return { facts: { pair: { ...facts, memory } }, text: describePair(pair) + describeNeeds(memory) };
}

/** One file alone: the half of a pair that it is. */
async function ofFile(path: string): Promise<Description> {
  const header = await readGgufHeader(path);
  if (isTower(header)) {
    const mmproj = checkMmproj(header);
    return { facts: { mmproj }, text: describeMmproj(mmproj) };
  }
  const model = checkTextModel(header);
  return { facts: { model }, text: describeModel(model) };
}

/** Two files in whatever order: the language model first. */
async function inOrder(first: string, second: string): Promise<[model: string, mmproj: string]> {
  return isTower(await readGgufHeader(first)) ? [second, first] : [first, second];
}
