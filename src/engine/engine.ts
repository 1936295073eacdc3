import type { Pixels } from '../llava/pixels.js';
import type { DeviceKind } from './device-kind.js';
import type { KvType } from './placement.js';

/** What stands in the prompt where `<image>` stood: `[tokens, width]` float32, row by row. */
export interface ImageFeatures {
  readonly tokens: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** How answer tokens are chosen. */
export interface Sampling {
  /** 0 is greedy: always the most likely token. */
  readonly temperature: number;
  /** Share of probability mass kept, above 0 and up to 1; without effect at temperature 0. */
  readonly topP: number;
  /** Makes sampled answers repeatable; without effect at temperature 0. */
  readonly seed: number | undefined;
  readonly maxTokens: number;
}

/** Counts and times of one answer; times in milliseconds. */
export interface AnswerUsage {
  /** Positions that the prompt takes: text and image. */
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly questionMs: number;
  readonly answerMs: number;
}

/** `end`: the model ended its turn. `max-tokens` and `context-full`: the answer was cut there. */
export type StopReason = 'end' | 'max-tokens' | 'context-full';

export type AnswerEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'done'; readonly reason: StopReason; readonly usage: AnswerUsage };

/** System text and image features, evaluated once: what all questions about one picture share. */
export interface ImagePrefix {
  /** Positions it takes in the context. */
  readonly tokens: number;
  /**
   * Asks as if nothing had been asked before.
   * @param request the user's turn: question and formatting prompt
   * @throws ExpectedError('engine') when it does not fit the context; ExpectedError('interrupted') on abort
   */
  ask(request: string, sampling: Sampling, signal?: AbortSignal): AsyncIterable<AnswerEvent>;
  /** Asks as the next turn of the chat that the last `ask` began. */
  askNext(request: string, sampling: Sampling, signal?: AbortSignal): AsyncIterable<AnswerEvent>;
}

/** Facts of loaded weights. */
export interface EngineInfo {
  /** What llama.cpp was loaded for. */
  readonly device: DeviceKind;
  /** What the makers call the GPUs at work; none on a CPU. */
  readonly deviceNames: readonly string[];
  /** Layers of the language model on the device, of `layers`: its blocks and the output. */
  readonly gpuLayers: number;
  readonly layers: number;
  readonly towerOn: 'cpu' | 'device';
  readonly kvType: KvType;
  readonly threads: number;
  readonly contextSize: number;
  /** Side of the square that the vision tower sees, in pixels. */
  readonly imageSize: number;
  readonly imageTokens: number;
  readonly width: number;
  readonly loadMs: number;
}

/** Loaded weights that encode pictures and answer questions, one at a time. */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /** Pixels → image features. */
  encode(pixels: Pixels, signal?: AbortSignal): Promise<ImageFeatures>;
  /** Evaluates system text and image features; the prefix before it is gone. */
  look(features: ImageFeatures, signal?: AbortSignal): Promise<ImagePrefix>;
}

/** The pair of GGUF files. */
export interface WeightFiles {
  readonly model: string;
  readonly mmproj: string;
}
