import type { AnswerEvent, ContinuationScore, Sampling } from '../engine/engine.js';
import { writeBytes } from '../kept/wire.js';
import type { ConversationForm, Turn } from '../llava/conversation.js';
import type { SquarePixels } from '../llava/pixels.js';
import { pixelsPng } from '../llava/pixels-png.js';
import { pngUrl } from '../llava/png-url.js';
import { SharedText } from './shared-text.js';

/** A picture on its way to servers. What is sent of it is made once, when a server first wants it. */
export class SentPicture {
  readonly pixels: SquarePixels;
  readonly systemText: string;
  readonly imageTokens: number | undefined;
  #png: Promise<Uint8Array> | undefined;
  #pngUrl: Promise<SharedText> | undefined;
  #pngText: Promise<SharedText> | undefined;
  #rgbText: SharedText | undefined;

  constructor(
    pixels: SquarePixels,
    { systemText, imageTokens }: Pick<SentPicture, 'systemText' | 'imageTokens'>,
  ) {
    this.pixels = pixels;
    this.systemText = systemText;
    this.imageTokens = imageTokens;
  }

  /** A PNG as a `data:` URL. */
  pngUrl(): Promise<SharedText> {
    return (this.#pngUrl ??= this.#makePng().then((png) => new SharedText(pngUrl(png))));
  }

  /** A PNG as base64. */
  pngText(): Promise<SharedText> {
    return (this.#pngText ??= this.#makePng().then((png) => new SharedText(writeBytes(png))));
  }

  /** The pixels themselves as base64. */
  rgbText(): SharedText {
    return (this.#rgbText ??= new SharedText(writeBytes(this.pixels.rgb)));
  }

  #makePng(): Promise<Uint8Array> {
    return (this.#png ??= pixelsPng(this.pixels));
  }
}

/** A question to a server, with all that it stands on. */
export interface SentQuestion {
  readonly picture: SentPicture;
  readonly request: string;
  readonly turns: readonly Turn[];
}

/** What a server tells of itself. */
export interface ServerFacts {
  readonly address: string;
  /** Such as `vLLM 0.32.0`. */
  readonly software: string;
  /** The model's name, as that server calls it. */
  readonly model: string;
  /** How its model was trained to talk. */
  readonly conversation: ConversationForm;
  /** Positions that one conversation has; undefined where that is not known. */
  readonly contextSize: number | undefined;
  /** Positions that a picture takes. */
  readonly imageTokens: number;
  /** Whether it can keep fewer patches of a picture. */
  readonly takesImageTokens: boolean;
  /** What the user should know of its answers. */
  readonly notes: readonly string[];
}

/** LLaVA-1.5 as one server serves it. All that its methods throw of their own is a ServerFailure. */
export interface ServedModel extends AsyncDisposable {
  readonly facts: ServerFacts;
  /**
   * Answers a question.
   * @param isWhole the answer is read whole: its text may come as one piece
   * @throws ServerFailure; ContextFull; ExpectedError('usage') for what this server cannot do
   */
  ask(
    question: SentQuestion,
    sampling: Sampling,
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, undefined>;
  /**
   * How likely each text is as the answer.
   * @throws as {@link ask}
   */
  score(
    question: SentQuestion,
    continuations: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ContinuationScore[]>;
  /** Positions that the prompt of that question takes, picture included. */
  countTokens(question: SentQuestion, signal: AbortSignal | undefined): Promise<number>;
}
