import { withLock } from 'lifecycle-utils';
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token, TokenMeter } from 'node-llama-cpp';
import { ExpectedError } from '../../../llava/expected-error.js';
import type { ImageFeatures } from '../image-features.js';
import type { NativeAddon } from '../runtime/native-addon.js';
import { nativeFailure } from '../runtime/native-failure.js';

/*
 * The bridge to node-llama-cpp's internals, which direct-llama.ts and failed-load.ts touch as well. Its public interface
 * takes token ids only, so image features are evaluated beside it, in its own llama_context, and its books are brought
 * up to date afterwards.
 * The version is pinned and checked (release.ts); the addon checks the handles.
 */

interface ContextInternals {
  readonly _ctx: {
    setThreads(threads: number): void;
    initBatch(size: number): void;
    /** Answers with the places of the tokens whose logits are asked for. */
    addToBatch(...what: readonly unknown[]): Uint32Array;
    decodeBatch(): Promise<void>;
    /** Answers with the last position copied. */
    copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
    removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  };
  readonly _backendContextDisposeGuard: { createPreventDisposalHandle(): { dispose(): void } };
}

interface SequenceInternals {
  readonly _sequenceId: number;
  _contextTokens: Token[];
  _nextTokenIndex: number;
  readonly _tokenMeter: TokenMeter;
  /**
   * Evaluates tokens together with what other sequences ask for at that moment.
   * @param logits at which tokens `read` is called, once their batch is computed and the context still locked
   * @returns what `read` returned, at the tokens' places
   */
  _decodeTokens<Value>(
    tokens: readonly Token[],
    logits: readonly boolean[],
    priority: number,
    meter: TokenMeter,
    contextShift: { readonly size: number; readonly strategy: 'eraseBeginning' },
    read: (logitIndex: number, place: number) => Value,
  ): Promise<Value[]>;
}

interface Accounts {
  getMemoryBreakdown(): { readonly cpuRam: number; readonly gpuVram: number };
}

/** Bytes of buffers; a mapped file counts with what is used of it. */
export interface MemoryUse {
  readonly deviceBytes: number;
  readonly hostBytes: number;
}

/** Stands in node-llama-cpp's list of tokens for a position that holds an image feature: `<unk>`. */
const PLACEHOLDER = 0 as Token;

/**
 * Evaluates image features at the sequence's next positions, as if they were tokens.
 * Holds node-llama-cpp's own context lock, so that no other evaluation runs meanwhile.
 * @throws ExpectedError('engine') when the context is full or llama.cpp refuses; 'interrupted' on abort
 */
export async function evaluateFeatures(
  addon: NativeAddon,
  sequence: LlamaContextSequence,
  features: ImageFeatures,
  signal?: AbortSignal,
): Promise<void> {
  const { context } = sequence;
  const { _ctx: nativeContext, _backendContextDisposeGuard: guard } = context as unknown as ContextInternals;
  const books = sequence as unknown as SequenceInternals;
  await withLock([context, 'context'], async () => {
    signal?.throwIfAborted();
    const inUse = guard.createPreventDisposalHandle();
    const cancel = () => {
      addon.cancelEvaluation();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      // node-llama-cpp sets them for its own evaluations only.
      nativeContext.setThreads(context.idealThreads);
      await addon.evaluateFeatures(nativeContext, {
        features: features.values,
        tokens: features.tokens,
        width: features.width,
        sequenceId: books._sequenceId,
        position: books._nextTokenIndex,
      });
    } catch (error) {
      throw nativeFailure(error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      inUse.dispose();
    }
    for (let index = 0; index < features.tokens; index++) books._contextTokens.push(PLACEHOLDER);
    books._nextTokenIndex += features.tokens;
  });
}

/**
 * Makes `target` hold the first `length` positions of `source` and nothing else. The source may be at work: whatever it
 * does behind those positions is cut off.
 * @throws ExpectedError('engine') when llama.cpp cannot copy
 */
export async function copySequence(
  source: LlamaContextSequence,
  target: LlamaContextSequence,
  length: number,
): Promise<void> {
  const { context } = source;
  const { _ctx: nativeContext, _backendContextDisposeGuard: guard } = context as unknown as ContextInternals;
  const from = source as unknown as SequenceInternals;
  const to = target as unknown as SequenceInternals;
  await withLock([context, 'context'], async () => {
    const inUse = guard.createPreventDisposalHandle();
    to._contextTokens = [];
    to._nextTokenIndex = 0;
    try {
      const last = await nativeContext.copySequenceStateFromOtherSequence(to._sequenceId, from._sequenceId);
      const isCut =
        last + 1 === length || nativeContext.removeTokenCellsFromSequence(to._sequenceId, length, last + 1);
      if (last + 1 < length || !isCut)
        throw new ExpectedError('engine', `Only ${last + 1} of ${length} positions could be copied.`);
    } finally {
      inUse.dispose();
    }
    to._contextTokens = from._contextTokens.slice(0, length);
    to._nextTokenIndex = length;
  });
}

/** node-llama-cpp's own priority for evaluations. */
const USUAL_PRIORITY = 5;

/**
 * Evaluates tokens at the sequence's next positions and tells how likely other tokens are behind each of them.
 * @param behind for each token, those to tell of; none for most. The caller sees to it that all fit the context
 * @returns natural logarithms of probabilities from the raw logits, in the order of `behind`
 * @throws ExpectedError('engine')
 */
export async function evaluateReading(
  addon: NativeAddon,
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  behind: readonly (readonly Token[])[],
): Promise<readonly Float64Array[]> {
  const { _ctx: nativeContext } = sequence.context as unknown as ContextInternals;
  const isRead = behind.map((wanted) => wanted.length > 0);
  return await readLogits(sequence, tokens, isRead, (logitIndex, place) =>
    addon.logProbabilities(nativeContext, logitIndex, Int32Array.from(behind[place] ?? [])),
  );
}

/** How likely a token of an answer was, and which tokens were likeliest there; natural logarithms of probabilities. */
export interface ReadToken {
  readonly logProbability: number;
  /** The likeliest first. */
  readonly likeliest: readonly (readonly [token: Token, logProbability: number])[];
}

/**
 * Evaluates tokens at the sequence's next positions and tells of the token that was answered behind each of them.
 * @param answered as many as `tokens`
 * @param most how many of the likeliest tokens to tell of
 * @throws as {@link evaluateReading}
 */
export async function evaluateAnswer(
  addon: NativeAddon,
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  answered: readonly Token[],
  most: number,
): Promise<readonly ReadToken[]> {
  const { _ctx: nativeContext } = sequence.context as unknown as ContextInternals;
  const isRead = tokens.map(() => true);
  return await readLogits(sequence, tokens, isRead, (logitIndex, place): ReadToken => {
    const ranked = most === 0 ? [] : addon.likeliestTokens(nativeContext, logitIndex, most);
    const likeliest = [...ranked] as Token[];
    const wanted = Int32Array.from([...answered.slice(place, place + 1), ...likeliest]);
    const [logProbability = NaN, ...logs] = addon.logProbabilities(nativeContext, logitIndex, wanted);
    return { logProbability, likeliest: likeliest.map((token, rank) => [token, logs[rank] ?? NaN]) };
  });
}

async function readLogits<Value>(
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  isRead: readonly boolean[],
  read: (logitIndex: number, place: number) => Value,
): Promise<readonly Value[]> {
  const books = sequence as unknown as SequenceInternals;
  const shift = { size: 1, strategy: 'eraseBeginning' } as const;
  try {
    return await books._decodeTokens(tokens, isRead, USUAL_PRIORITY, books._tokenMeter, shift, read);
  } catch (error) {
    throw nativeFailure(error);
  }
}

/**
 * Makes the logits of each batch safe to choose from, or refuses them.
 *
 * llama.cpp sorts a batch's rows of logits when it is first asked for one, and node-llama-cpp's samplers ask at once, on
 * threads of their own: now and then, two sequences got each other's logits. And a sampler that fails, as a grammar does
 * on logits that are no numbers, would end the process: what fails here is told to whoever evaluates.
 */
export function settleLogitsOfEachBatch(addon: NativeAddon, context: LlamaContext): void {
  const { _ctx: nativeContext } = context as unknown as ContextInternals;
  const initBatch = nativeContext.initBatch.bind(nativeContext);
  const addToBatch = nativeContext.addToBatch.bind(nativeContext);
  const decodeBatch = nativeContext.decodeBatch.bind(nativeContext);
  let read: number[] = [];
  // Its class lets nobody assign them.
  Object.defineProperties(nativeContext, {
    initBatch: {
      value: (size: number) => {
        read = [];
        initBatch(size);
      },
    },
    addToBatch: {
      value: (...what: readonly unknown[]) => {
        const places = addToBatch(...what);
        read.push(...places);
        return places;
      },
    },
    decodeBatch: {
      value: async () => {
        await decodeBatch();
        addon.sortLogits(nativeContext);
        if (addon.logitsAreFinite(nativeContext, Int32Array.from(read))) return;
        throw new ExpectedError('engine', 'The model computed something that is not a number.', {
          hint: 'llava models verify, or another file of the weights: these are damaged',
        });
      },
    },
  });
}

/** Computes something else with the context's threads while it evaluates nothing: they would only wait for each other. */
export async function whileContextRests<Result>(
  context: LlamaContext,
  work: () => Promise<Result>,
): Promise<Result> {
  return await withLock([context, 'context'], work);
}

/** llama.cpp's own account of what a model and a context hold: weights, KV cache and compute buffers. */
export function readMemoryUse(model: LlamaModel, context: LlamaContext): MemoryUse {
  const { _model: nativeModel } = model as unknown as { readonly _model: Accounts };
  const { _ctx: nativeContext } = context as unknown as { readonly _ctx: Accounts };
  const parts = [nativeModel.getMemoryBreakdown(), nativeContext.getMemoryBreakdown()];
  return {
    deviceBytes: parts.reduce((sum, { gpuVram }) => sum + gpuVram, 0),
    hostBytes: parts.reduce((sum, { cpuRam }) => sum + cpuRam, 0),
  };
}
