import { stat } from 'node:fs/promises';
import type { Checkpoint } from '../../checkpoints/checkpoint.js';
import { openCheckpoint } from '../../checkpoints/open-checkpoint.js';
import { prepareCheckpoint } from '../../checkpoints/source/fetch-checkpoint.js';
import { readHubName, type HubName } from '../../checkpoints/source/hub-name.js';
import type { Base } from '../../convert/base.js';
import type { Conversion } from '../../convert/convert-model.js';
import { changesVision, towerNameOf, type TowerSource } from '../../convert/vision/find-vision.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';
import { hubSettings } from '../../opening/environment.js';
import type { TransferDisplay } from '../../terminal/show-transfer.js';
import { readGgufHeader } from '../../weights/gguf/gguf-header.js';
import type { CommandContext } from '../command-context.js';

/** Opens what a conversion is made of: folders, names on the hub, GGUF files. */
export class SourceOpener {
  readonly #context: CommandContext;
  readonly #display: TransferDisplay;

  constructor(context: CommandContext, display: TransferDisplay) {
    this.#context = context;
    this.#display = display;
  }

  /**
   * The source, and what it needs from elsewhere: what a LoRA or a projector names as its base, and a tower that is not inside.
   * @throws ExpectedError('weights' | 'input') for what is not there or no checkpoint
   */
  async open(
    name: string,
    flags: { readonly base?: string; readonly tower?: string },
  ): Promise<Pick<Conversion, 'source' | 'base' | 'tower'>> {
    const source = await this.#checkpoint(name);
    const base = await this.#base(flags.base ?? (await usableBase(source)));
    const tower = await this.#tower(flags.tower ?? (await usableTower(source, base)));
    return { source, base, tower };
  }

  async #base(name: string | undefined): Promise<Base | undefined> {
    if (name === undefined) return undefined;
    if (isGguf(name)) return { gguf: await readGgufHeader(name) };
    return { checkpoint: await this.#checkpoint(name) };
  }

  async #tower(name: string | undefined): Promise<TowerSource | undefined> {
    if (name === undefined) return undefined;
    if (isGguf(name)) return { mmproj: await readGgufHeader(name) };
    return { checkpoint: await this.#checkpoint(name) };
  }

  async #checkpoint(name: string): Promise<Checkpoint> {
    const { signal } = this.#context;
    if (await isFolder(name)) return await openCheckpoint(name, { signal });
    const named = readHubName(name);
    if (named === undefined)
      throw new ExpectedError('input', `${quote(name)} is no folder here, and no name on the hub.`, {
        hint: 'Name a checkpoint’s folder, or a repository such as llava-hf/llava-1.5-7b-hf',
      });
    return await openCheckpoint(await this.#download(named), { name: named.repo, signal });
  }

  /** The folder in the cache that a repository was downloaded into: who names one wants it. */
  async #download(named: HubName): Promise<string> {
    const { io, signal } = this.#context;
    const settings = await hubSettings(io.env);
    const download = await prepareCheckpoint(named, settings, { signal });
    if (download.missingBytes > 0)
      io.stderr.write(`${named.repo}: ${formatBytes(download.missingBytes)} from ${settings.endpoint}\n`);
    await download.fetch({
      signal,
      onProgress: (progress) => {
        this.#display.show(progress);
      },
    });
    return download.folder;
  }
}

/** What a LoRA says it belongs to, where that is here: it often is a path of the machine it was trained on. */
async function usableBase(source: Checkpoint): Promise<string | undefined> {
  const name =
    source.layout === 'lora'
      ? source.lora.baseName
      : source.layout === 'projector'
        ? source.baseName
        : undefined;
  return name !== undefined && (await isFolder(name)) ? name : undefined;
}

/** The folder that a tower is said to be in, when neither the source nor its base has one: what is on the hub has to be named. */
async function usableTower(source: Checkpoint, base: Base | undefined): Promise<string | undefined> {
  const places = [source, base?.checkpoint].filter((one) => one !== undefined);
  if (source.layout === 'lora' && !changesVision(source)) return undefined;
  if (places.some(({ layout, parts }) => layout !== 'lora' && parts.tower.size > 0)) return undefined;
  const name = towerNameOf(places);
  return name !== undefined && (await isFolder(name)) ? name : undefined;
}

function isGguf(name: string): boolean {
  return /\.gguf$/i.test(name);
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
