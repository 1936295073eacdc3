import { stat, statfs } from 'node:fs/promises';
import type { WeightFiles } from '../engine/local/loading/weight-files.js';
import type { ConversationForm } from '../llava/conversation.js';
import { formNamed, type FormName } from '../llava/conversations/named.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { builtInFiles, findModel, type Model } from '../weights/catalogue.js';
import { catalogueOf, hubSettings, type Environment } from './environment.js';
import type { OpeningHost } from './opening-host.js';

/** Which weights to use: a model of the catalogue, or files of one's own. */
export interface WeightChoice {
  readonly model?: string;
  /** A language model, with `mmproj`; or the folder of both. */
  readonly gguf?: string | undefined;
  readonly mmproj?: string | undefined;
  readonly lora?: readonly string[] | undefined;
  /** How it was trained to talk. Default: what the catalogue or the file says. */
  readonly conversation?: FormName;
}

/** Files on this machine, what to call them, and how they were trained to talk. */
export interface FoundWeights extends WeightFiles {
  readonly name: string;
  readonly conversation: ConversationForm;
}

/**
 * The files of the weights chosen. A model of the catalogue that is not here is downloaded after the host's yes.
 * @param beforeAsking finds what is wrong cheaply, before gigabytes are offered
 * @throws ExpectedError('weights') with the command that downloads them, where nobody can be asked or the answer is no
 */
export async function findWeights(
  choice: WeightChoice,
  host: OpeningHost,
  beforeAsking: () => Promise<unknown> = () => Promise.resolve(),
): Promise<FoundWeights> {
  const { lora = [] } = choice;
  const { form, ...pair } = await findPair(choice, host, beforeAsking);
  const found = { ...pair, conversation: await settleForm(pair, choice.conversation, form, host) };
  if (lora.length === 0) return found;
  const { checkAdapter } = await import('../weights/check/check-adapter.js');
  for (const path of lora) await checkAdapter(path, found.model);
  return { ...found, lora };
}

interface FoundPair extends WeightFiles {
  readonly name: string;
  /** As the catalogue says it. */
  readonly form?: FormName | undefined;
}

/**
 * How the model was trained to talk: as it is said on the command line, in the catalogue, or by its file.
 * @throws ExpectedError('weights') when its vocabulary lacks what the form needs
 */
async function settleForm(
  { name, model }: FoundPair,
  asked: FormName | undefined,
  listed: FormName | undefined,
  host: Pick<OpeningHost, 'note'>,
): Promise<ConversationForm> {
  if (asked === undefined && listed !== undefined) return formNamed(listed);
  const [{ checkForm, findForm }, { readGgufHeader }] = await Promise.all([
    import('../weights/check/find-form.js'),
    import('../weights/gguf/gguf-header.js'),
  ]);
  const header = await readGgufHeader(model);
  const found = findForm(header);
  if (asked !== undefined) {
    checkForm(header, formNamed(asked));
    const known = listed ?? (found.from === 'usual' ? undefined : found.name);
    if (known !== undefined && known !== asked)
      host.note(`${quote(name)} was trained to talk in ${known}, and is asked in ${asked}.`);
    return formNamed(asked);
  }
  if (found.from === 'vocabulary')
    host.note(
      `${quote(name)} does not say how it was trained to talk; by its vocabulary it is asked in ${found.name}. --conversation says otherwise.`,
    );
  return formNamed(found.name);
}

async function findPair(
  { gguf, mmproj, model: name }: WeightChoice,
  host: OpeningHost,
  beforeAsking: () => Promise<unknown>,
): Promise<FoundPair> {
  if (gguf !== undefined) return { name: gguf, ...(await ownFiles(gguf, mmproj)) };
  if (mmproj !== undefined) throw halfPair('--mmproj', mmproj, '--gguf');
  const model = findModel(name, catalogueOf(host.env));
  const files = await filesOnDisk(model, host.env);
  const { name: called, conversation: form } = model;
  if (files !== undefined) return { name: called, form, ...files };
  await beforeAsking();
  await offerDownload(model, host);
  const pulled = await filesOnDisk(model, host.env);
  if (pulled === undefined) throw new Error(`${model.name} was downloaded but is missing`);
  return { name: called, form, ...pulled };
}

/** The model's two files; undefined when one is not on this machine. */
export async function filesOnDisk(model: Model, env: Environment): Promise<WeightFiles | undefined> {
  const builtIn = builtInFiles(model);
  if (builtIn !== undefined) return builtIn;
  const { inspectModel } = await import('../weights/store/index.js');
  const [languageModel, mmproj] = (await inspectModel(model, await hubSettings(env))).files;
  if (languageModel.path === undefined || mmproj.path === undefined) return undefined;
  return { model: languageModel.path, mmproj: mmproj.path };
}

/** @throws ExpectedError('weights') with the command to type, where nobody can be asked or the answer is no */
async function offerDownload(model: Model, host: OpeningHost): Promise<void> {
  const missing = new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
    hint: `llava pull ${model.name}, or --model demo for the small one that comes with llava`,
  });
  const settings = await hubSettings(host.env);
  if (host.confirmDownload === undefined || settings.offline) throw missing;
  const [{ inspectModel, pullModel }, { nearestFolder }] = await Promise.all([
    import('../weights/store/index.js'),
    import('../hub/transfer/disk.js'),
  ]);
  const { files } = await inspectModel(model, settings);
  const disk = await statfs(await nearestFolder(settings.cacheFolder));
  const isWanted = await host.confirmDownload({
    model,
    downloadBytes: files.reduce((sum, file) => sum + file.totalBytes - file.bytes, 0),
    freeBytes: disk.bavail * disk.bsize,
    from: settings.endpoint,
  });
  if (!isWanted) throw missing;
  using display = host.startTransfer();
  await pullModel(model, settings, {
    signal: host.signal,
    onProgress: (progress) => {
      display.show(progress);
    },
  });
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
    hint: 'LLaVA-1.5 is a pair of files: --gguf MODEL.gguf --mmproj MMPROJ.gguf, or --gguf FOLDER with both',
  });
}
