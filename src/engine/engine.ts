import type { Pixels } from '../llava/pixels.js';
import type { Turn } from '../llava/prompt.js';
import type { DeviceKind } from './device-kind.js';
import type { KvType } from './placement.js';

/** What stands in the prompt where `<image>` stood: `[tokens, width]` float32, row by row. */
export interface ImageFeatures {
  readonly tokens: number;
  readonly width: number;
  readonly values: Float32Array;
  /** What the class token attends to in the tower's last block, one share a row. */
  readonly attention: Float32Array;
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
  /**
   * What the answer must be, as GBNF with a rule `root`. Models of LLaVA-1.5's kind begin with a space, so the root must
   * allow one; it is not part of the answer's text.
   */
  readonly grammar?: string | undefined;
  /**
   * What the answer's JSON must be: a JSON Schema within what node-llama-cpp's grammars can express; it must have been
   * checked, since what they cannot is passed over. Not with a grammar.
   */
  readonly schema?: object | undefined;
  /** The answer is one of these, said in its usual tokens; thousands cost no more than a few. Not with a grammar. */
  readonly oneOf?: readonly string[] | undefined;
  /** Whether the end tells how likely each token was. */
  readonly logprobs?: boolean | undefined;
}

/** A token of an answer. */
export interface AnswerToken {
  readonly text: string;
  /** Natural logarithm of its probability, from the raw logits: before temperature, top-p and grammar. */
  readonly logProbability: number;
}

/** How likely a text is as the answer to a question. */
export interface ContinuationScore {
  /** Natural logarithm, summed over all tokens; the end counts where another of the texts goes on from there. */
  readonly logLikelihood: number;
  readonly tokens: number;
}

/** Counts and times of one answer; times in milliseconds. */
export interface AnswerUsage {
  /** Positions that the prompt takes: text and image. */
  readonly promptTokens: number;
  /** Of them, evaluated for this answer; the rest was there. */
  readonly evaluatedTokens: number;
  readonly answerTokens: number;
  /** Until the image prefix was evaluated; 0 when it was there. */
  readonly lookMs: number;
  readonly questionMs: number;
  readonly answerMs: number;
}

/** How likely one of several answers was. */
export interface ScoredChoice extends ContinuationScore {
  readonly choice: string;
  /** Among the choices; all sum to 1. */
  readonly probability: number;
}

/** `end`: the model ended its turn. `max-tokens` and `context-full`: the answer was cut there. */
export type StopReason = 'end' | 'max-tokens' | 'context-full';

export type AnswerEvent =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'done';
      readonly reason: StopReason;
      readonly usage: AnswerUsage;
      /** When the sampling asks for them. */
      readonly tokens?: readonly AnswerToken[];
      /** When probabilities of choices are asked for: all of them, in their order. */
      readonly choices?: readonly ScoredChoice[];
    };

/**
 * System text and image features, evaluated once: what all questions about one picture share. When other pictures
 * took its place in the context it is evaluated again by itself; its picture is not encoded again.
 */
export interface ImagePrefix {
  /** Positions it takes in the context. */
  readonly tokens: number;
  /**
   * Evaluates it now, so that the next question need not wait for that.
   * @throws ExpectedError('interrupted') on abort
   */
  evaluate(signal?: AbortSignal): Promise<void>;
  /**
   * Answers a question after the turns said before; what of those is still in the context is not evaluated again.
   * Questions asked at the same time are answered side by side, as many as the context has sequences.
   * @param question the user's turn: question and formatting prompt
   * @throws ExpectedError('engine') when it does not fit the context; ExpectedError('usage') for a bad grammar;
   * ExpectedError('interrupted') on abort
   */
  ask(
    question: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns?: readonly Turn[],
  ): AsyncIterable<AnswerEvent>;
  /**
   * How likely each text is as the answer, from the raw logits: of thousands, what they share is evaluated once, and
   * they are shared out among the context's sequences.
   * @param continuations answers as they would be printed, such as `Red`
   * @throws ExpectedError('engine') when one does not fit the context; ExpectedError('interrupted') on abort
   */
  score(
    question: string,
    continuations: readonly string[],
    signal?: AbortSignal,
    turns?: readonly Turn[],
  ): Promise<readonly ContinuationScore[]>;
  /** Positions that the prompt of that question takes, image included. */
  countTokens(question: string, turns?: readonly Turn[]): number;
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
  /** Positions of each sequence. */
  readonly contextSize: number;
  /** Questions that can be answered side by side. */
  readonly sequences: number;
  /** Side of the square that the vision tower sees, in pixels. */
  readonly imageSize: number;
  readonly imageTokens: number;
  readonly width: number;
  readonly loadMs: number;
}

/** Loaded weights that encode pictures and answer questions. */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /** Pixels → image features. */
  encode(pixels: Pixels, signal?: AbortSignal): Promise<ImageFeatures>;
  /**
   * What questions about a picture share; it is evaluated when it is needed.
   * @param systemText default: that of `vicuna_v1`
   * @throws ExpectedError('engine') when the picture does not fit the context
   */
  look(features: ImageFeatures, systemText?: string): ImagePrefix;
}

/** The pair of GGUF files. */
export interface WeightFiles {
  readonly model: string;
  readonly mmproj: string;
  /** LoRA adapters to the language model, GGUF files as well. */
  readonly lora?: readonly string[] | undefined;
}
