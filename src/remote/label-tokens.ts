import * as v from 'valibot';
import { growTokenTree, type TokenTree } from '../engine/local/choosing/token-tree.js';
import { tokensSchema } from './schemas.js';
import type { ServerConnection } from './server-connection.js';

/** Sets of labels whose tokens are remembered: a batch asks for the same few again and again. */
const KEPT = 64;

/** The last message is the beginning of an answer. Source: docs.vllm.ai, "Chat API", extra parameters. */
export const CONTINUED = { add_generation_prompt: false, continue_final_message: true };
const textSchema = v.object({ prompt: v.string() });

/** Texts by their tokens, and the token that ends one. */
export interface LabelTree {
  readonly root: TokenTree<number>;
  readonly end: number | null;
}

/** What a text is, in the tokens of vLLM's tokenizer, and what tokens are as text. */
export class LabelTokens {
  readonly #connection: ServerConnection;
  readonly #model: string;
  readonly #endText: string;
  readonly #trees = new Map<string, Promise<LabelTree>>();

  /** @param endText of the token that ends an answer */
  constructor(connection: ServerConnection, model: string, endText: string) {
    this.#endText = endText;
    this.#connection = connection;
    this.#model = model;
  }

  /**
   * The texts in their usual tokens; the token that ends an answer tells the end of one that others go on from.
   * @throws as {@link ServerConnection.call}
   */
  async tree(texts: readonly string[], signal: AbortSignal | undefined): Promise<LabelTree> {
    const key = JSON.stringify(texts);
    const known = this.#trees.get(key);
    if (known !== undefined) return await known;
    const growing = this.#grow(texts, signal);
    this.#trees.set(key, growing);
    growing.catch(() => this.#trees.delete(key));
    const [oldest] = this.#trees.keys();
    if (this.#trees.size > KEPT && oldest !== undefined) this.#trees.delete(oldest);
    return await growing;
  }

  async text(tokens: readonly number[], signal: AbortSignal | undefined): Promise<string> {
    const body = { model: this.#model, tokens };
    return (await this.#connection.call('/detokenize', textSchema, body, signal)).prompt;
  }

  async #grow(texts: readonly string[], signal: AbortSignal | undefined): Promise<LabelTree> {
    const user = { role: 'user', content: 'Which?' };
    const [before, end, ...all] = await Promise.all([
      this.#tokens({ messages: [user], add_generation_prompt: true }, signal),
      this.#tokens({ prompt: this.#endText, add_special_tokens: false }, signal),
      ...texts.map((content) =>
        this.#tokens({ messages: [user, { role: 'assistant', content }], ...CONTINUED }, signal),
      ),
    ]);
    // Where an answer stands is what its tokens depend on: some tokenizers begin every text with a space.
    const answers = all.map((tokens) => tokens.slice(before.length));
    const endToken = end.at(-1) ?? null;
    return { root: growTokenTree(answers, endToken), end: endToken };
  }

  async #tokens(fields: object, signal: AbortSignal | undefined): Promise<readonly number[]> {
    const body = { model: this.#model, ...fields };
    return (await this.#connection.call('/tokenize', tokensSchema, body, signal)).tokens;
  }
}
