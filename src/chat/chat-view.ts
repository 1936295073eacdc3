import type { DecodedPicture } from '../llava/decode-picture.js';
import type { ExpectedError } from '../llava/expected-error.js';
import type { Question } from '../llava/response-format.js';
import type { SeenPicture } from './album.js';
import type { ChatAnswer } from './chat-turn.js';

/** What the status line tells. */
export interface ChatStatus {
  readonly model: string;
  /** Undefined until the weights are loaded. */
  readonly device: string | undefined;
  readonly picture: string | undefined;
  /** Positions of the context that picture and conversation take, and those there are. */
  readonly used: number;
  readonly contextSize: number | undefined;
  readonly tokensPerSecond: number | undefined;
  /** What is being waited for: `loading demo`, `encoding`; undefined at rest. */
  readonly work: string | undefined;
}

/** Before anything is loaded. */
export const EMPTY_STATUS: ChatStatus = {
  model: '',
  device: undefined,
  picture: undefined,
  used: 0,
  contextSize: undefined,
  tokensPerSecond: undefined,
  work: undefined,
};

/** Who shows the chat: the interface of a terminal, or lines. */
export interface ChatView {
  /** Something beside the answers, in one or more lines. */
  note(text: string): void;
  fail(error: ExpectedError): void;
  /** The chat is about this picture from here on. */
  picture(seen: SeenPicture, decoded: DecodedPicture): Promise<void>;
  /** An answer begins. */
  begin(question: Question): void;
  text(piece: string): Promise<void>;
  end(answer: ChatAnswer): Promise<void>;
  status(status: ChatStatus): void;
  /** Asks yes or no, where somebody can answer; else undefined. */
  choose(question: string): Promise<boolean | undefined>;
}
