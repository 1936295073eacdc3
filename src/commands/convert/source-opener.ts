import { stat } from 'node:fs/promises';
import type { Checkpoint } from '../../checkpoints/checkpoint.js';
import { openCheckpoint } from '../../checkpoints/open-checkpoint.js';
import type { Base } from '../../convert/base.js';
import type { Conversion } from '../../convert/convert-model.js';
import { changesVision, type TowerSource } from '../../convert/vision/find-vision.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
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
    const tower = await this.#tower(flags.tower ?? missingTower(source, base));
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
    return await openCheckpoint(await this.#folder(name), { signal: this.#context.signal });
  }

  /** The folder itself, or the one that a name on the hub was downloaded into. */
  async #folder(name: string): Promise<string> {
    if (await isFolder(name)) return name;
    throw new ExpectedError('input', `${quote(name)} is no folder here.`, {
      hint: 'Name a checkpoint’s folder',
    });
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

/** The name of a tower that neither the source nor its base has inside. */
function missingTower(source: Checkpoint, base: Base | undefined): string | undefined {
  const places = [source, base?.checkpoint].filter((one) => one !== undefined);
  const needs = source.layout !== 'lora' || changesVision(source);
  if (!needs || places.some(({ layout, parts }) => layout !== 'lora' && parts.tower.size > 0))
    return undefined;
  return places
    .map((one) => ('towerName' in one ? one.towerName : undefined))
    .find((one) => one !== undefined);
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
