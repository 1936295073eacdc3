import { resolve } from 'node:path';
import type { Engine } from '../engine/engine.js';
import { llavaVersion } from '../engine/local/runtime/release.js';
import {
  fileLabel,
  MAX_PICTURE_BYTES,
  readPictureBytes,
  type PictureSource,
} from '../llava/picture-bytes.js';
import type { Pixels } from '../llava/pixels.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { EngineNeeds, Opening, PixelWishes } from '../opening/engine-opening.js';
import type { FoundWeights } from '../opening/find-weights.js';
import type { OpeningHost } from '../opening/opening-host.js';
import { KeptConnection, KeptGone } from './kept-connection.js';
import { KeptEngine } from './kept-engine.js';
import type { KeptEntry, KeptFolder } from './kept-folder.js';
import { engineWishes, type KeptWishes } from './kept-key.js';
import { startKept } from './start-kept.js';
import { emptySchema, pixelsSchema, readySchema, writeBytes, type KeptReady } from './wire.js';

/** Larger files are decoded here: sending them takes longer than to load what decodes them. */
const MOST_SENT_BYTES = 16e6;

/** What a kept engine takes the place of. */
export interface KeptInstead {
  readonly weights: FoundWeights;
  readonly wishes: KeptWishes;
  readonly host: OpeningHost;
  /** Opens the same weights in this process. */
  readonly openHere: () => Promise<Opening>;
}

/**
 * Greets a kept engine, and waits for its weights.
 * @param keepMs how long it is kept after this, and whether it is started if there is none; undefined leaves both
 * @throws KeptGone when there is none to be had; ExpectedError for one that failed to open, or a folder that is not safe
 */
export async function openKept(
  key: string,
  folder: KeptFolder,
  keepMs: number | undefined,
  instead: KeptInstead,
): Promise<Opening> {
  const { weights, wishes, host } = instead;
  const found = folder.find(key);
  if (found !== undefined) {
    checkVersion(found);
    try {
      return await greet(found, keepMs, instead);
    } catch (error) {
      if (!(error instanceof KeptGone)) throw error;
      if (keepMs === undefined) {
        folder.forget(found);
        throw error;
      }
    }
  }
  if (keepMs === undefined) throw new KeptGone('there is none.');
  const what = { weights: withWholePaths(weights), wishes: engineWishes(wishes), keepMs };
  return await greet(await startKept(key, what, folder, host), keepMs, instead);
}

/** As another process finds them. */
function withWholePaths({ model, mmproj, lora, ...weights }: FoundWeights): FoundWeights {
  return {
    ...weights,
    model: resolve(model),
    mmproj: resolve(mmproj),
    ...(lora === undefined ? {} : { lora: lora.map((path) => resolve(path)) }),
  };
}

function checkVersion({ version }: KeptEntry): void {
  if (version === llavaVersion()) return;
  throw new ExpectedError('engine', `It is of llava ${version}, and this is ${llavaVersion()}.`);
}

async function greet(
  { address }: KeptEntry,
  keepMs: number | undefined,
  instead: KeptInstead,
): Promise<Opening> {
  const { host, weights } = instead;
  const connection = new KeptConnection(address);
  using progress = host.startProgress();
  progress.say(`loading ${weights.name}`);
  const ready = await connection.call('/engine/greet', readySchema, { keepMs }, host.signal);
  for (const note of ready.notes) host.note(note);
  return new KeptOpening(connection, ready, instead);
}

/** A kept engine that was greeted. */
class KeptOpening implements Opening {
  readonly #connection: KeptConnection;
  readonly #ready: KeptReady;
  readonly #instead: KeptInstead;

  constructor(connection: KeptConnection, ready: KeptReady, instead: KeptInstead) {
    this.#connection = connection;
    this.#ready = ready;
    this.#instead = instead;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** What is wrong with one is told by llama.cpp on stderr, so it is told here. */
  async checkGrammar(grammar: string): Promise<void> {
    const { host, openHere } = this.#instead;
    try {
      await this.#connection.call('/engine/grammar', emptySchema, { grammar }, host.signal);
    } catch (error) {
      if (!(error instanceof ExpectedError || error instanceof KeptGone)) throw error;
      await using here = await openHere();
      await here.checkGrammar(grammar);
    }
  }

  /** Made where the tools for it are loaded. */
  async loadPixels(source: PictureSource, options: PixelWishes): Promise<Pixels> {
    const label = fileLabel(source);
    const { part } = source;
    const bytes = await readPictureBytes(source, MAX_PICTURE_BYTES);
    if (bytes.byteLength <= MOST_SENT_BYTES) {
      try {
        const picture = { label, part, bytes: writeBytes(bytes), ...options };
        return await this.#connection.call(
          '/engine/pixels',
          pixelsSchema,
          picture,
          this.#instead.host.signal,
        );
      } catch (error) {
        if (!(error instanceof KeptGone)) throw error;
      }
    }
    const { loadPixels } = await import('../llava/pixels.js');
    const { imageSize } = this.#ready.info;
    return await loadPixels({ kind: 'bytes', label, part, bytes }, { imageSize, ...options });
  }

  open(needs: EngineNeeds = {}): Promise<Engine> {
    const { weights, host, openHere } = this.#instead;
    const openInstead = async ({ message }: KeptGone) => {
      host.note(`The kept engine is not used: ${message}`);
      await using opening = await openHere();
      return await opening.open(needs);
    };
    const { conversation } = weights;
    return Promise.resolve(new KeptEngine(this.#connection, this.#ready.info, conversation, openInstead));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
