import { TrimStream } from '../../../llava/trim-stream.js';

/** Half of a character: what a decoder shows for bytes that are not UTF-8 yet. */
const REPLACEMENT = '\ufffd';
/** Longest wait for the rest of a character, in tokens: UTF-8 takes 4 bytes at most, one byte token each. */
const MAX_PENDING = 4;

/**
 * Turns answer tokens into text that can be shown as it comes: characters are never split,
 * white space at either end is dropped as the reference's `strip()` does.
 */
export class TextStream<Token> {
  readonly #decode: (tokens: readonly Token[], before: readonly Token[]) => string;
  #shown: Token[] = [];
  #pending: Token[] = [];
  readonly #trim = new TrimStream();

  /** @param decode text of tokens, given the few tokens before them */
  constructor(decode: (tokens: readonly Token[], before: readonly Token[]) => string) {
    this.#decode = decode;
  }

  /** The text that this token completes; often empty. */
  push(token: Token): string {
    this.#pending.push(token);
    const text = this.#decode(this.#pending, this.#shown);
    if (text.endsWith(REPLACEMENT) && this.#pending.length < MAX_PENDING) return '';
    this.#shown = [...this.#shown, ...this.#pending].slice(-MAX_PENDING);
    this.#pending = [];
    return this.#trim.push(text);
  }

  /** What is left when no more tokens come. */
  end(): string {
    const text = this.#pending.length === 0 ? '' : this.#decode(this.#pending, this.#shown);
    this.#pending = [];
    return this.#trim.push(text);
  }
}
