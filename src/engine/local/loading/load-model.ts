import type { LlamaContext, LlamaContextOptions, LlamaModel, LlamaModelOptions } from 'node-llama-cpp';
import { ExpectedError } from '../../../llava/expected-error.js';
import type { Backend } from '../runtime/backend.js';
import type { WeightFiles } from './weight-files.js';
import { lettingGoOfContext, lettingGoOfModel } from './failed-load.js';
import { tellsOutOfMemory } from '../runtime/llama-log.js';
import { OutOfMemory } from '../runtime/out-of-memory.js';
import type { KvType, Placement } from './placement.js';
import { quietly } from './quiet-overrides.js';
import { settleLogitsOfEachBatch } from '../sequences/sequence-bridge.js';

/** LLaVA-1.5's 576 image tokens are evaluated in one batch. */
export const BATCH_SIZE = 640;

export interface LoadOptions {
  /** Fraction 0 to 1 of the language model read. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
  /** How its text is cut into words, where its file does not say it; `tokenizer.ggml.pre` of llama.cpp. */
  readonly preTokenizer?: string | undefined;
}

/**
 * Loads a language model in one go: node-llama-cpp's own fit check would load it several times over.
 * @throws OutOfMemory; ExpectedError('engine') for all else; what the signal was aborted with
 */
export async function loadModel(
  path: string,
  backend: Backend,
  placement: Pick<Placement, 'gpuLayers' | 'mapsModel'>,
  options: LoadOptions,
): Promise<LlamaModel> {
  backend.log.clear();
  try {
    const { llama, addon } = backend;
    const { preTokenizer: pre } = options;
    const overrides = pre === undefined ? {} : { metadataOverrides: { tokenizer: { ggml: { pre } } } };
    const load = () =>
      llama.loadModel({
        modelPath: path,
        gpuLayers: placement.gpuLayers,
        useMmap: placement.mapsModel,
        ignoreMemorySafetyChecks: true,
        ...overrides,
        ...abortWhileReading(options),
      });
    const model = await lettingGoOfModel(llama, () =>
      pre === undefined ? load() : quietly(llama, addon, load),
    );
    // All was read before node-llama-cpp heard of it.
    if (options.signal?.aborted === true) await model.dispose();
    options.signal?.throwIfAborted();
    return model;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw await loadFailure(`"${path}" could not be loaded`, backend, error);
  }
}

/**
 * Lets node-llama-cpp know of an abort when it reads the weights, and no sooner: a load that it gives up before that
 * keeps the process alive for good.
 */
function abortWhileReading({
  onProgress,
  signal,
}: LoadOptions): Pick<LlamaModelOptions, 'loadSignal' | 'onLoadProgress'> {
  const giveUp = new AbortController();
  let isReading = false;
  const passOn = () => {
    if (isReading && signal?.aborted === true) giveUp.abort(signal.reason);
  };
  signal?.addEventListener('abort', passOn, { once: true });
  return {
    loadSignal: giveUp.signal,
    onLoadProgress: (fraction) => {
      isReading = true;
      passOn();
      onProgress?.(fraction);
    },
  };
}

/**
 * Makes the context that the model answers in: KV cache and compute buffers.
 * @throws OutOfMemory; ExpectedError('engine') for all else; ExpectedError('interrupted') on abort
 */
export async function createContext(
  model: LlamaModel,
  backend: Backend,
  placement: Pick<Placement, 'gpuLayers' | 'contextSize' | 'sequences' | 'kvType'>,
  { signal, lora }: LoadOptions & Pick<WeightFiles, 'lora'>,
): Promise<LlamaContext> {
  backend.log.clear();
  try {
    const context = await lettingGoOfContext(model, () =>
      model.createContext({
        contextSize: placement.contextSize,
        sequences: placement.sequences,
        batchSize: BATCH_SIZE,
        threads: threadsFor(model, backend, placement.gpuLayers),
        ignoreMemorySafetyChecks: true,
        failedCreationRemedy: false,
        ...kvOptions(placement.kvType),
        ...(lora === undefined ? {} : { lora: { adapters: lora.map((filePath) => ({ filePath })) } }),
        ...(signal === undefined ? {} : { createSignal: signal }),
      }),
    );
    settleLogitsOfEachBatch(backend.addon, context);
    return context;
  } catch (error) {
    signal?.throwIfAborted();
    const times = placement.sequences === 1 ? '' : `${placement.sequences} times `;
    const what = `A context of ${times}${placement.contextSize} positions could not be created`;
    throw await loadFailure(what, backend, error);
  }
}

/** With every layer on a GPU the CPU only looks embeddings up: llama.cpp starts its threads anew for each token. */
function threadsFor({ fileInsights }: LlamaModel, { threads }: Backend, gpuLayers: number): number {
  return gpuLayers < fileInsights.totalLayers ? threads : 1;
}

/** Packed values need flash attention, which llama.cpp turns on by itself where the device has it. */
function kvOptions(type: KvType): LlamaContextOptions {
  if (type === 'f16') return {};
  const name = type === 'q8_0' ? 'Q8_0' : 'Q4_0';
  // Deprecated as experimental: llama.cpp itself has had packed caches for years, and refuses what it cannot do.
  /* eslint-disable-next-line @typescript-eslint/no-deprecated */
  return { experimentalKvCacheKeyType: name, experimentalKvCacheValueType: name };
}

async function loadFailure(what: string, backend: Backend, error: unknown): Promise<ExpectedError> {
  const said = await backend.log.read();
  const reason = said.at(-1) ?? (error instanceof Error ? error.message : String(error));
  if (tellsOutOfMemory([...said, String(error)])) return new OutOfMemory(`${what}: out of memory.`, error);
  return new ExpectedError('engine', `${what}: ${reason}`, {
    hint: 'Run again with NODE_DEBUG=llava to see what llama.cpp says',
    cause: error,
  });
}
