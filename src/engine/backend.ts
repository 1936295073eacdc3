import { debuglog } from 'node:util';
import { getLlama, LlamaLogLevel, NoBinaryFoundError, type Llama } from 'node-llama-cpp';
import { ExpectedError } from '../llava/expected-error.js';
import { attachNativeAddon, type NativeAddon } from './native-addon.js';
import { checkNodeLlamaCppVersion } from './release.js';

/** llama.cpp with its devices, loaded into this process, and our addon attached to it. */
export interface Backend extends AsyncDisposable {
  readonly llama: Llama;
  readonly addon: NativeAddon;
  /** Name of the ggml device that takes the work; null is the CPU. */
  readonly device: string | null;
  readonly threads: number;
}

/** llama.cpp's own messages: shown with NODE_DEBUG=llava. */
const debug = debuglog('llava');

/**
 * Loads the shipped llama.cpp with the best backend this machine has; nothing is downloaded or compiled.
 * @param threads default: the physical cores, since more of them only get in each other's way
 * @throws ExpectedError('engine') when no binary fits this machine or the addon is not built.
 */
export async function loadBackend(threads?: number): Promise<Backend> {
  checkNodeLlamaCppVersion();
  const llama = await loadLlama();
  try {
    llama.maxThreads = threads ?? llama.cpuMathCores;
    const addon = attachNativeAddon();
    const gpu = llama.gpu === false ? undefined : addon.listDevices().find(({ type }) => type !== 'cpu');
    return {
      llama,
      addon,
      device: gpu?.name ?? null,
      threads: llama.maxThreads,
      [Symbol.asyncDispose]: () => llama.dispose(),
    };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

async function loadLlama(): Promise<Llama> {
  try {
    return await getLlama({
      gpu: 'auto',
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) => {
        debug('%s: %s', level, message.trimEnd());
      },
    });
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    throw new ExpectedError(
      'engine',
      `node-llama-cpp has no binary for ${process.platform}-${process.arch} that runs here.`,
      { hint: 'npx node-llama-cpp source download', cause: error },
    );
  }
}
