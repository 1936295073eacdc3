import { ExpectedError } from '../llava/expected-error.js';
import type { ConversationForm, Turn } from '../llava/conversation.js';
import type { SquarePixels } from '../llava/pixels.js';

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
  /** Texts that end the answer, which they are not part of. Default: none. */
  readonly stop?: readonly string[] | undefined;
  /** Whether the end tells how likely each token was. */
  readonly logprobs?: boolean | undefined;
  /** With `logprobs`: how many of the likeliest tokens are told for each place. Default: none. */
  readonly topLogprobs?: number | undefined;
}

/** A token that stands, or could stand, in an answer. */
export interface LikelyToken {
  readonly text: string;
  /** Natural logarithm of its probability, from the raw logits: before temperature, top-p and grammar. */
  readonly logProbability: number;
}

/** A token of an answer. */
export interface AnswerToken extends LikelyToken {
  /** The likeliest tokens at its place, the likeliest first, when the sampling asks for them. */
  readonly likeliest?: readonly LikelyToken[];
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
  /** Until system text and picture were evaluated; 0 when they were there. */
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

/** The prompt takes more positions than the context has. */
export class ContextFull extends ExpectedError {
  constructor(message: string, hint: string) {
    super('engine', message, { hint });
  }
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
 * A picture that an engine has seen: what all questions about it share is computed once. It may be forgotten when other
 * pictures take its place; it is then computed again by itself.
 */
export interface ShownPicture {
  /** Positions of the prompt up to the picture's end: system text and picture. */
  readonly tokens: number;
  /** Of these, the picture's own. */
  readonly imageTokens: number;
  /**
   * Computes now what the questions share, so that the next one need not wait for it.
   * @throws ExpectedError('interrupted') on abort
   */
  evaluate(signal?: AbortSignal): Promise<void>;
  /**
   * Answers a question after the turns said before; what of those is still known is not computed again. Questions asked
   * at the same time are answered side by side, as many as the engine can.
   * @param request the user's turn: question and formatting prompt
   * @throws ContextFull when it does not fit; ExpectedError('engine') when the engine fails; ExpectedError('usage') for a bad grammar;
   * ExpectedError('interrupted') on abort
   */
  ask(
    request: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns?: readonly Turn[],
  ): AsyncIterable<AnswerEvent>;
  /**
   * How likely each text is as the answer, from the raw logits: of thousands, what they share is computed once.
   * @param continuations answers as they would be printed, such as `Red`
   * @throws ContextFull when one does not fit; ExpectedError('interrupted') on abort
   */
  score(
    request: string,
    continuations: readonly string[],
    signal?: AbortSignal,
    turns?: readonly Turn[],
  ): Promise<readonly ContinuationScore[]>;
  /** Positions that the prompt of that request takes, picture included. */
  countTokens(request: string, turns?: readonly Turn[]): Promise<number>;
}

/** What must be known of an engine to ask it. */
export interface EngineInfo {
  /** What computes, such as `cpu` or `cuda`. */
  readonly device: string;
  /** Threads of the CPU; undefined where that is not known. */
  readonly threads: number | undefined;
  /** Positions that one conversation has; undefined where that is not known. */
  readonly contextSize: number | undefined;
  /** Questions that can be answered side by side. */
  readonly sequences: number;
  /** Side of the square that the model sees, in pixels. */
  readonly imageSize: number;
  /** Positions that a picture takes. */
  readonly imageTokens: number;
  /** How the model was trained to talk. */
  readonly conversation: ConversationForm;
  /** Milliseconds until it was ready. */
  readonly loadMs: number;
}

/** How a picture is shown. */
export interface ShowOptions {
  /** What the model is told before the picture; default: that of its training. */
  readonly systemText?: string | undefined;
  /** Positions that the picture takes at most; default: `info.imageTokens`, and never more. */
  readonly imageTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Weights that answer questions about pictures, here or elsewhere: all that commands know of a model at work. */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /**
   * Looks at a picture.
   * @param pixels of `info.imageSize`² pixels
   * @throws ExpectedError('engine') when the picture does not fit the context, or the engine fails;
   * ExpectedError('interrupted') on abort
   */
  show(pixels: SquarePixels, options?: ShowOptions): Promise<ShownPicture>;
}
