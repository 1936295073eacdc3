import { setMaxListeners } from 'node:events';
import type { Engine } from '../engine/engine.js';
import { readKeyFile } from '../files/read-key-file.js';
import type { ConversationForm } from '../llava/conversation.js';
import { formNamed, type FormName } from '../llava/conversations/named.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { PictureSource } from '../llava/picture-bytes.js';
import type { Pixels } from '../llava/pixels.js';
import { quote } from '../llava/quote.js';
import type { EngineNeeds, Opening, PixelWishes } from '../opening/engine-opening.js';
import type { OpeningHost } from '../opening/opening-host.js';
import { AnswerCheck } from './answer-check.js';
import { cannot } from './dialect.js';
import { connectServer, type ConnectedModel } from './connect-server.js';
import { RemoteEngine } from './remote-engine.js';
import type { ServedModel } from './served-model.js';
import { parseServerAddress } from './server-address.js';
import { ServerFailure } from './server-failure.js';
import { ServerPool } from './server-pool.js';

/** Which servers to ask, and how. */
export interface ServerChoice {
  readonly server?: readonly string[];
  readonly serverModel?: string;
  readonly serverKeyFile?: string;
  /** Side of the square that the model sees, in pixels. */
  readonly serverImageSize?: number;
  /** How the model was trained to talk. Default: `vicuna_v1`, or what a llava serve says. */
  readonly conversation?: FormName;
  /** For one answer, in milliseconds. */
  readonly serverTimeout?: number;
  /** How long to wait for a server when none answers, in milliseconds. */
  readonly serverWait?: number;
  readonly anyPrompt?: boolean;
  /** Questions that are asked a second engine as well. */
  readonly verify?: number;
  /** Questions at once to each server, at most. */
  readonly parallel?: number;
  /** Patches kept of each picture. Default: all. */
  readonly imageTokens?: number;
}

const TIMEOUT_MS = 300_000;
/** How long a batch waits when no server answers: one that loads large weights takes minutes. */
const PATIENCE_MS = 600_000;
/** For those who look at a terminal. */
const SHORT_PATIENCE_MS = 30_000;
const MOST_AT_ONCE = 64;

/** Servers that were reached. */
export class RemoteOpening implements Opening {
  readonly imageSize: number;
  /** The model's name at the first server. */
  readonly model: string;
  /** How it was trained to talk. */
  readonly conversation: ConversationForm;
  readonly #choice: ServerChoice;
  #host: OpeningHost;
  readonly #connected: readonly ReachedServer[];
  readonly #openSecond: (() => Promise<Engine>) | undefined;
  #isOpened = false;

  private constructor(
    connected: readonly ReachedServer[],
    choice: ServerChoice,
    host: OpeningHost,
    openSecond: (() => Promise<Engine>) | undefined,
  ) {
    const { imageSize, served } = oneOf(connected);
    this.imageSize = imageSize;
    this.model = served.facts.model;
    this.conversation = served.facts.conversation;
    this.#connected = connected;
    this.#choice = choice;
    this.#host = host;
    this.#openSecond = openSecond;
  }

  /**
   * Finds out what the servers are; some may be away, if one is there.
   * @param openSecond opens the engine that `verify` compares with, where there is no second server
   * @throws ExpectedError when none can be used, or one should not be
   */
  static async connect(
    choice: ServerChoice,
    host: OpeningHost,
    openSecond?: () => Promise<Engine>,
  ): Promise<RemoteOpening> {
    const addresses = [...new Set((choice.server ?? []).map(parseServerAddress))];
    const { serverKeyFile } = choice;
    const options = {
      model: choice.serverModel,
      key:
        serverKeyFile === undefined
          ? undefined
          : readKeyFile(serverKeyFile, 1, 'Write the key alone into it'),
      timeoutMs: choice.serverTimeout ?? TIMEOUT_MS,
      imageSize: choice.serverImageSize,
      conversation: formNamed(choice.conversation ?? 'vicuna_v1'),
      isConversationGiven: choice.conversation !== undefined,
      anyPrompt: choice.anyPrompt === true,
      signal: host.signal,
    };
    if (choice.verify !== undefined && addresses.length < 2 && openSecond === undefined)
      throw new ExpectedError('usage', '--verify compares with a second engine, and there is none.', {
        hint: 'Name a second --server, or the model to load here with --model',
      });
    // Several requests to each server wait for it at once.
    setMaxListeners(0, host.signal);
    using progress = host.startProgress();
    progress.say(`connecting to ${addresses.join(', ')}`);
    const servers = addresses.map((address) => ({ address, connect: () => connectServer(address, options) }));
    const found = await Promise.allSettled(servers.map(({ connect }) => connect()));
    const connected = servers.map((server, place): ReachedServer => {
      const result = found[place];
      return { ...server, connected: result?.status === 'fulfilled' ? result.value : undefined };
    });
    try {
      for (const result of found) if (result.status === 'rejected') tellAway(result.reason, connected, host);
      checkTogether(connected, host);
      if (choice.imageTokens !== undefined) checkImageTokens(connected);
    } catch (error) {
      for (const { connected: one } of connected) await one?.served[Symbol.asyncDispose]();
      throw error;
    }
    return new RemoteOpening(connected, choice, host, openSecond);
  }

  /** Tells somebody else what is to be said from now on. */
  heardBy(host: OpeningHost): this {
    this.#host = host;
    return this;
  }

  async loadPixels(source: PictureSource, wishes: PixelWishes): Promise<Pixels> {
    const { loadPixels } = await import('../llava/pixels.js');
    return await loadPixels(source, { imageSize: this.imageSize, ...wishes });
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** Servers find out themselves, when they are asked. */
  checkGrammar(): Promise<void> {
    return Promise.resolve();
  }

  open({ sequences, answersWhole = false }: EngineNeeds = {}): Promise<Engine> {
    this.#isOpened = true;
    const { parallel, verify = 0, serverWait, imageTokens } = this.#choice;
    const mostAtOnce = parallel ?? (sequences === undefined ? 1 : MOST_AT_ONCE);
    const { facts } = oneOf(this.#connected).served;
    const onNote = (text: string) => {
      this.#host.note(text);
    };
    const pool = new ServerPool(
      this.#connected.map(({ address, connect, connected }) => ({
        address,
        served: connected?.served,
        connect: async () => this.#checked(await connect()),
      })),
      { mostAtOnce, onNote, patienceMs: serverWait ?? (answersWhole ? PATIENCE_MS : SHORT_PATIENCE_MS) },
    );
    const contexts = this.#connected.flatMap(({ connected }) => connected?.served.facts.contextSize ?? []);
    return Promise.resolve(
      new RemoteEngine({
        pool,
        isWhole: answersWhole,
        check: new AnswerCheck(verify, onNote),
        second: this.#openSecond,
        imageTokens,
        onNote,
        info: {
          device: 'server',
          threads: undefined,
          contextSize: contexts.length === 0 ? undefined : Math.min(...contexts),
          sequences: pool.mostAtOnce,
          imageSize: this.imageSize,
          imageTokens: facts.imageTokens,
          conversation: this.conversation,
          loadMs: 0,
        },
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpened) return;
    for (const { connected } of this.#connected) await connected?.served[Symbol.asyncDispose]();
  }

  /** @throws ExpectedError when it came back as another */
  #checked({ served, imageSize }: ConnectedModel): ServedModel {
    if (imageSize === this.imageSize) return served;
    throw otherSize(served.facts.address, imageSize, this.imageSize);
  }
}

interface ReachedServer {
  readonly address: string;
  readonly connect: () => Promise<ConnectedModel>;
  /** Undefined while it cannot be reached. */
  readonly connected: ConnectedModel | undefined;
}

function oneOf(servers: readonly ReachedServer[]): ConnectedModel {
  const first = servers.find(({ connected }) => connected !== undefined)?.connected;
  if (first === undefined) throw new Error('No server was reached.');
  return first;
}

/** @throws its failure, unless it is one that passes and another server is there */
function tellAway(failure: unknown, servers: readonly ReachedServer[], host: OpeningHost): void {
  const isPassing = failure instanceof ServerFailure && failure.trouble !== 'refused';
  if (!isPassing || servers.every(({ connected }) => connected === undefined)) throw failure;
  host.note(`${failure.message} It is tried again later.`);
}

/** @throws ExpectedError when the servers cannot take turns */
function checkTogether(servers: readonly ReachedServer[], host: OpeningHost): void {
  const { served, imageSize } = oneOf(servers);
  const there = servers.flatMap(({ connected }) => connected ?? []);
  for (const one of there) {
    if (one.imageSize !== imageSize) throw otherSize(one.served.facts.address, one.imageSize, imageSize);
    const { name } = one.served.facts.conversation;
    if (name !== served.facts.conversation.name)
      throw otherForm(one.served.facts.address, name, served.facts.conversation.name);
    for (const note of one.served.facts.notes) host.note(note);
  }
  const names = new Set(there.map((one) => one.served.facts.model));
  if (names.size > 1)
    host.note(
      `The servers call their models ${[...names].map((name) => quote(name)).join(', ')}; results say ${quote(served.facts.model)}.`,
    );
}

/** @throws ExpectedError('usage') when a server shows its model all of a picture */
function checkImageTokens(servers: readonly ReachedServer[]): void {
  const all = servers.find(({ connected }) => connected?.served.facts.takesImageTokens === false);
  if (all?.connected === undefined) return;
  const { software } = all.connected.served.facts;
  throw cannot('keep fewer patches of a picture, as --image-tokens asks', software);
}

function otherSize(address: string, size: number, others: number): ExpectedError {
  return new ExpectedError(
    'usage',
    `The server ${quote(address)} sees pictures of ${size} pixels, and another one of ${others}.`,
    { hint: `Ask servers of one model together, with --server-image-size ${size} if they do not tell it` },
  );
}

function otherForm(address: string, form: string, others: string): ExpectedError {
  return new ExpectedError(
    'usage',
    `The server ${quote(address)} asks in ${form}, and another one in ${others}.`,
    { hint: 'Ask servers of one model together' },
  );
}
