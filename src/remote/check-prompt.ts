import * as v from 'valibot';
import type { ConversationForm } from '../llava/conversation.js';
import { quote } from '../llava/quote.js';
import { chatMessages } from './chat-model.js';
import { PROBE_QUESTION, PROBE_TURN, probeTexts, probeTextTokens } from './probe.js';
import { tokensSchema } from './schemas.js';
import type { SentPicture, SentQuestion } from './served-model.js';
import type { ServerConnection } from './server-connection.js';

const promptSchema = v.object({ ...tokensSchema.entries, token_strs: v.nullish(v.array(v.string())) });

/** What a server makes of a prompt. */
export interface CheckedPrompt {
  /** Positions that a picture takes. */
  readonly imageTokens: number;
  /** Both prompts, in a sentence, when it is not LLaVA-1.5's. */
  readonly difference: string | undefined;
  /** Whether later turns of a conversation stand as LLaVA-1.5 was trained with; undefined where that is not known. */
  readonly hasRightTurns: boolean | undefined;
  /** Whether the text behind the picture begins with the token of a space, as all text does to LLaVA-1.5's tokenizer. */
  readonly hasSpace: boolean | undefined;
}

/** Compares the prompt that vLLM makes of messages with LLaVA-1.5's, token by token, by the server's own tokenizer. */
export async function checkTokens(
  connection: ServerConnection,
  model: string,
  form: ConversationForm,
  picture: SentPicture,
  signal: AbortSignal,
): Promise<CheckedPrompt> {
  const tokenize = async (fields: object) =>
    await connection.call('/tokenize', promptSchema, { model, return_token_strs: true, ...fields }, signal);
  const ofMessages = async (question: SentQuestion) =>
    await tokenize({ messages: await chatMessages(question), add_generation_prompt: true });
  const ofText = async (text: string, begins: boolean) =>
    (await tokenize({ prompt: text, add_special_tokens: begins })).tokens;
  const texts = probeTexts(form);
  const question = { picture, request: PROBE_QUESTION, turns: [] };
  const [written, withTurn, before, after, said] = await Promise.all([
    ofMessages(question),
    ofMessages({ ...question, turns: [PROBE_TURN] }),
    ofText(texts.before, true),
    ofText(texts.after, false),
    Promise.all(texts.afterWithTurn.map((text) => ofText(text, false))),
  ]);
  const imageTokens = imageBetween(written.tokens, before, after);
  return {
    imageTokens: imageTokens ?? longestRun(written.tokens),
    difference:
      imageTokens === undefined
        ? differenceOf(describe(written), `${texts.before}<image>${texts.after}`)
        : undefined,
    hasRightTurns: imageBetween(withTurn.tokens, before, said.flat()) !== undefined,
    // The text in front of the picture ends with that token, in the forms whose tokenizers begin texts so.
    hasSpace: texts.before.endsWith(' ') ? after[0] === before.at(-1) : undefined,
  };
}

/**
 * Where a server shows no tokens: compares their number with LLaVA-1.5's.
 * @param promptTokens of the probe, as the server counts them
 * @param imageTokens positions that a picture should take
 */
export function checkCount(promptTokens: number, imageTokens: number, form: ConversationForm): CheckedPrompt {
  // What cannot be counted is taken for right.
  const textTokens = probeTextTokens(form) ?? promptTokens - imageTokens;
  const expected = textTokens + imageTokens;
  return {
    difference:
      promptTokens === expected
        ? undefined
        : `It writes ${promptTokens} tokens, not ${expected}, ${imageTokens} of them the picture’s.`,
    imageTokens: Math.max(0, promptTokens - textTokens),
    hasRightTurns: undefined,
    hasSpace: undefined,
  };
}

/** How often one token stands between two others, if nothing else does. */
function imageBetween(
  tokens: readonly number[],
  before: readonly number[],
  after: readonly number[],
): number | undefined {
  const image = tokens.slice(before.length, tokens.length - after.length);
  const isRight =
    image.length > 0 &&
    image.every((token) => token === image[0]) &&
    [...before, ...image, ...after].every((token, place) => token === tokens[place]);
  return isRight ? image.length : undefined;
}

function longestRun(tokens: readonly number[]): number {
  let longest = 0;
  let run = 0;
  for (const [place, token] of tokens.entries()) {
    run = token === tokens[place - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** A prompt as its pieces, each run of the picture's tokens as one. */
function describe({ tokens, token_strs: texts }: v.InferOutput<typeof promptSchema>): string {
  const pieces = tokens.map((token, place) => texts?.[place] ?? String(token));
  return pieces
    .filter((piece, place) => piece !== pieces[place - 1])
    .join('')
    .replaceAll('\u2581', ' ')
    .replaceAll('<0x0A>', '\n');
}

function differenceOf(written: string, expected: string): string {
  return `It writes ${quote(written, 600)}, not ${quote(expected, 600)}.`;
}
