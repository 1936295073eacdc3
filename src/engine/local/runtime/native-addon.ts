import { ExpectedError } from '../../../llava/expected-error.js';
import { buildCommand, findAddon, type AddonIdentity } from './find-addon.js';
import type { NativeKernels } from './native-kernels.js';
import { reportOfProcess } from './process-report.js';

/*
 * The typed contract of native/. Every error that comes from C++ is an Error with
 * one of the codes below; every promise settles, also after cancel, close and a failure of the engine.
 */

/**
 * - `INVALID_WEIGHTS` the mmproj file cannot be used; the message starts with its path
 * - `CANCELLED` somebody called a cancel function
 * - `ENGINE` ggml or llama.cpp failed
 * - `OUT_OF_MEMORY` the device, or the machine, is too small
 * - `NOT_FOUND` no such file or device
 * - `INCOMPATIBLE` the loaded llama.cpp or node-llama-cpp is not what the addon was built for
 * - `CLOSED` the tower or the context is gone · `BUSY` an encode is in flight · `INVALID_ARGUMENT`: caller's mistakes
 */
export type NativeErrorCode =
  | 'INVALID_WEIGHTS'
  | 'CANCELLED'
  | 'ENGINE'
  | 'OUT_OF_MEMORY'
  | 'NOT_FOUND'
  | 'INCOMPATIBLE'
  | 'CLOSED'
  | 'BUSY'
  | 'INVALID_ARGUMENT';

/** A device that the loaded ggml can compute on. */
export interface NativeDevice {
  /** What `openTower` takes, such as `Vulkan0`. */
  readonly name: string;
  readonly description: string;
  /** An accelerator helps the CPU and cannot hold a tower. */
  readonly type: 'cpu' | 'gpu' | 'integrated-gpu' | 'accelerator';
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What a picture becomes. */
export interface NativeEncodedPicture {
  /** float32 [tokens, width], row by row. */
  readonly features: Float32Array<ArrayBuffer>;
  /** What the class token attends to in the last block that is run: the mean of its heads' shares, one a patch. */
  readonly attention: Float32Array<ArrayBuffer>;
}

/** CLIP ViT and projector, loaded on one device. */
export interface NativeTower {
  /** Pixels a side of the picture it takes, such as 336. */
  readonly imageSize: number;
  /** Pixels a side of a patch, such as 14. */
  readonly patchSize: number;
  /** Rows of the image features: one a patch, row by row from the top left. */
  readonly tokens: number;
  /** Columns of the image features: what the language model's embedding length must be. */
  readonly width: number;
  /** Transformer blocks that are run. */
  readonly blocks: number;
  /** Transformer blocks in the file. */
  readonly storedBlocks: number;
  /** Memory that the weights take on the device. */
  readonly weightBytes: number;
  /** Memory on the device that encoding a picture takes beside them. */
  readonly computeBytes: number;
  /**
   * Picture → image features.
   * @param pixels RGB bytes, row by row, imageSize² · 3; copied before this returns
   * @throws BUSY while another encode runs, CLOSED, CANCELLED, ENGINE, INVALID_ARGUMENT
   */
  encode(pixels: Uint8Array): Promise<NativeEncodedPicture>;
  /** Ends the encode in flight: within milliseconds on a CPU, elsewhere when the picture is done. */
  cancel(): void;
  /** Frees the weights, now or when the encode in flight has ended, and settles then or before. Can be called again. */
  close(): Promise<void>;
}

/** Image features to evaluate in a sequence, as if they were the embeddings of its next tokens. */
export interface FeatureEvaluation {
  /** float32 [tokens, width], row by row; copied before `evaluateFeatures` returns. */
  readonly features: Float32Array;
  readonly tokens: number;
  /** Must be the language model's embedding length. */
  readonly width: number;
  /** node-llama-cpp's `_sequenceId`. */
  readonly sequenceId: number;
  /** Of the first feature; llama.cpp's state of the sequence must end right before it. */
  readonly position: number;
}

/** How a GGUF file is to be written again in another number format. */
export interface NativeQuantisation {
  /** llama.cpp's number of the format: `llama_ftype`. */
  readonly type: number;
  readonly threads: number;
  /** Rows held at once, in bytes, at most 2³⁰. */
  readonly mostBufferBytes: number;
  /** How much each column of a matrix matters, by the matrix's name; copied before `quantiseFile` returns. */
  readonly importance: readonly (readonly [matrix: string, values: Float32Array])[];
  /** Keys that the new file has beside those of the old one; numbers become u32, texts are cut at 127 bytes. */
  readonly keys: readonly (readonly [name: string, value: string | number])[];
}

export interface NativeAddon extends AddonIdentity, NativeKernels {
  /** Those of this processor that our kernels are written with; without AVX2, ggml computes all. */
  readonly instructionSets: readonly ('AVX2' | 'AVX512' | 'AVX512_VNNI')[];
  /**
   * Finds llama.cpp's functions in the libllama that is loaded from this path. First of all calls; again with the
   * same path it does nothing.
   * @throws INCOMPATIBLE when it is not loaded, lacks a function, or another one was attached before
   */
  attach(libllamaPath: string): void;
  listDevices(): NativeDevice[];
  /**
   * Sets up every device that was loaded, once. Before it has settled, only one thread may use a device: ggml's Vulkan
   * backend sets it up at its first use, without a lock.
   * @throws ENGINE, OUT_OF_MEMORY
   */
  prepareDevices(): Promise<void>;
  /**
   * Lets the CPU multiply by Q4_0, Q4_K and Q6_K weights of language models that are loaded from now on, and attend to
   * float16 KV caches, with kernels of our own; such weights are not repacked then. For the life of the process.
   * @returns whether it does; not where this processor lacks AVX2
   */
  accelerateCpu(): boolean;
  /** Calls a function while what C code of this process prints to stdout goes nowhere; older builds cannot. */
  withoutStdout?<Result extends object>(act: () => Result): Result;
  /**
   * Loads an mmproj file. Reads it to the end before it settles.
   * @param options.device a name of `listDevices`, null for the CPU
   * @param options.threads for what the CPU computes
   * @throws INVALID_WEIGHTS, NOT_FOUND, OUT_OF_MEMORY
   */
  openTower(file: string, options: { device: string | null; threads: number }): Promise<NativeTower>;
  /**
   * Evaluates image features in the context behind node-llama-cpp's `context._ctx`. No logits are computed, and
   * node-llama-cpp's own list of the sequence's tokens is not touched. When it fails or is cancelled the sequence
   * is cut back to where it was.
   *
   * The caller holds node-llama-cpp's lock `withLock([context, 'context'], …)` until this settles: a llama_context
   * is not thread-safe. It computes with the threads that were last set by `_ctx.setThreads`.
   * @throws CLOSED, INVALID_ARGUMENT (does not fit the sequence, the context or the model), INCOMPATIBLE,
   * CANCELLED, ENGINE
   */
  evaluateFeatures(nativeContext: object, evaluation: FeatureEvaluation): Promise<void>;
  /**
   * Natural logarithms of the probabilities that the raw logits give to tokens.
   *
   * The caller holds node-llama-cpp's lock `withLock([context, 'context'], …)`, as its own samplers do.
   * @param logitIndex place in the batch that was decoded last, of a token whose logits were asked for
   * @throws CLOSED, INVALID_ARGUMENT (no logits there, no such token), INCOMPATIBLE
   */
  logProbabilities(nativeContext: object, logitIndex: number, tokens: Int32Array): Float64Array;
  /**
   * The most probable tokens there, the likeliest first.
   * @throws as {@link logProbabilities}
   */
  likeliestTokens(nativeContext: object, logitIndex: number, most: number): Int32Array;
  /**
   * Brings the logits of the last batch into the order of its tokens, which llama.cpp does when it is first asked for any:
   * before several threads ask.
   * @throws CLOSED, INCOMPATIBLE
   */
  sortLogits(nativeContext: object): void;
  /**
   * Whether the logits at these places of the batch that was decoded last are all finite numbers.
   * @throws as {@link logProbabilities}
   */
  logitsAreFinite(nativeContext: object, logitIndexes: Int32Array): boolean;
  /**
   * Has llama.cpp quantise a GGUF file of float weights. It cannot be stopped and says nothing meanwhile: it belongs in a
   * process of its own. A disk that fills up may pass unnoticed: read the new file's header.
   * @throws ENGINE, whose reason is in llama.cpp's log
   */
  quantiseFile(source: string, target: string, options: NativeQuantisation): Promise<void>;
  /** Ends the evaluations in flight: within milliseconds on a CPU, elsewhere when they are done. */
  cancelEvaluation(): void;
  /** Ends everything in flight, loading included, so that the process can leave. */
  cancelAll(): void;
}

let loaded: NativeAddon | undefined;

/** @throws ExpectedError('engine') when there is none for this system and the installed node-llama-cpp */
function loadNativeAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  const addon = findAddon().addon as NativeAddon;
  // Node waits for its threads when it leaves: without this, for seconds of computing that nobody will see.
  process.once('exit', () => {
    addon.cancelAll();
  });
  loaded = addon;
  return addon;
}

/**
 * Loads the addon and attaches it to the llama.cpp in this process: after `getLlama()`.
 * @throws ExpectedError('engine')
 */
export function attachNativeAddon(): NativeAddon {
  const addon = loadNativeAddon();
  const library = findLoadedLibllama();
  if (library === undefined) throw new ExpectedError('engine', 'llama.cpp is not loaded in this process');
  try {
    addon.attach(library);
  } catch (error) {
    throw new ExpectedError('engine', `The native addon does not fit llama.cpp: ${messageOf(error)}`, {
      hint: buildCommand(),
      cause: error,
    });
  }
  return addon;
}

/** Path of the libllama that was loaded last; its name differs per variant: `libllama.v0.5.0.so`, `libllama.cuda…`. */
function findLoadedLibllama(): string | undefined {
  return reportOfProcess().sharedObjects.findLast((file) =>
    /(?:^|[\\/])(?:lib)?llama(?:\.[^\\/]+)?\.(?:so|dylib|dll)$/.test(file),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
