import { stat } from 'node:fs/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import type { WeightFiles } from '../engine/engine.js';
import { builtInFiles, findModel, type Model } from '../weights/catalogue.js';
import type { CommandContext } from './command-context.js';
import { catalogueOf, hubSettings } from './hub-context.js';
import type { WeightFlags } from './option-groups.js';

/** Files on this machine, and what to call them. */
export interface NamedWeights extends WeightFiles {
  readonly name: string;
}

/**
 * The files that the flags name. A model of the catalogue that is not here is downloaded after a yes on the terminal.
 * @param beforeAsking finds what is wrong cheaply, before gigabytes are offered
 * @throws ExpectedError('weights') with the command that downloads them, where nobody can be asked
 */
export async function chooseWeights(
  flags: WeightFlags,
  context: CommandContext,
  beforeAsking: () => Promise<unknown> = () => Promise.resolve(),
): Promise<NamedWeights> {
  const files = await choosePair(flags, context, beforeAsking);
  const { lora = [] } = flags;
  if (lora.length === 0) return files;
  const { checkAdapter } = await import('../weights/check/check-adapter.js');
  for (const path of lora) await checkAdapter(path, files.model);
  return { ...files, lora };
}

async function choosePair(
  { gguf, mmproj, model: name }: WeightFlags,
  context: CommandContext,
  beforeAsking: () => Promise<unknown>,
): Promise<NamedWeights> {
  if (gguf !== undefined) return { name: gguf, ...(await ownFiles(gguf, mmproj)) };
  if (mmproj !== undefined) throw halfPair('--mmproj', mmproj, '--gguf');
  const model = findModel(name, catalogueOf(context));
  const files = await filesOnDisk(model, context);
  if (files !== undefined) return { name: model.name, ...files };
  await beforeAsking();
  const { offerToPull } = await import('./offer-to-pull.js');
  await offerToPull(model, context);
  const pulled = await filesOnDisk(model, context);
  if (pulled === undefined) throw new Error(`${model.name} was pulled and is not there`);
  return { name: model.name, ...pulled };
}

/** The model's two files; undefined when one is not on this machine. */
export async function filesOnDisk(model: Model, context: CommandContext): Promise<WeightFiles | undefined> {
  const builtIn = builtInFiles(model);
  if (builtIn !== undefined) return builtIn;
  const { inspectModel } = await import('../weights/store/index.js');
  const [languageModel, mmproj] = (await inspectModel(model, await hubSettings(context))).files;
  if (languageModel.path === undefined || mmproj.path === undefined) return undefined;
  return { model: languageModel.path, mmproj: mmproj.path };
}

/** A pair of files, or a folder that holds both. */
async function ownFiles(gguf: string, mmproj: string | undefined): Promise<WeightFiles> {
  if (mmproj !== undefined) return { model: gguf, mmproj };
  const isFolder = await stat(gguf).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) throw halfPair('--gguf', gguf, '--mmproj');
  const { findPairInFolder } = await import('../weights/model-folder.js');
  return await findPairInFolder(gguf);
}

function halfPair(given: string, value: string, missing: string): ExpectedError {
  return new ExpectedError('usage', `${given} ${quote(value)} needs ${missing} as well.`, {
    hint: 'A LLaVA-1.5 is a pair of files: --gguf MODEL.gguf --mmproj MMPROJ.gguf, or --gguf FOLDER with both',
  });
}
