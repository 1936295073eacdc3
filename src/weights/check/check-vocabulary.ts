import { quote } from '../../llava/quote.js';
import { GgufCursor } from '../gguf/gguf-cursor.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import type { GgufArray, GgufValueType } from '../gguf/parse-gguf.js';
import { textAt } from './header-fields.js';
import { weightsError } from '../weights-error.js';

/** llama.cpp's `LLAMA_TOKEN_TYPE_BYTE`. */
const BYTE_TOKEN = 6;
const BYTE_TEXT = /^<0x[0-9A-F]{2}>$/;

/** A vocabulary that llama.cpp can read texts with. */
export interface VocabularyInfo {
  /** `llama`: SentencePiece, as LLaMA-2 has it; `gpt2`: byte pairs, as Llama 3 has it. */
  readonly kind: 'llama' | 'gpt2';
  /** All tokens, a character a byte. */
  readonly texts: readonly string[];
}

/**
 * Checks that a vocabulary is LLaMA-2's or Llama 3's kind, and one that llama.cpp can read texts with. Without these it ends the
 * whole process, by an assertion when it loads or a failed look-up when a text holds an unusual character; or it leaves
 * characters out. Source: llama.cpp v0.5.0, llama-vocab.cpp.
 * @throws ExpectedError 'weights'
 */
export function checkVocabulary(header: GgufHeader, hint: string): VocabularyInfo {
  const kind = textAt(header, 'tokenizer.ggml.model');
  if (kind !== 'llama' && kind !== 'gpt2') {
    const found = kind === undefined ? 'no vocabulary' : `the vocabulary ${quote(kind)}`;
    throw weightsError(
      header.path,
      `has ${found}; models of LLaVA-1.5’s kind need that of "llama" or "gpt2"`,
      hint,
    );
  }
  const tokens = arrayAt(header, 'tokenizer.ggml.tokens', 'string');
  if (tokens === undefined) throw weightsError(header.path, 'has no tokens in its vocabulary', hint);
  try {
    const texts = readTexts(tokens);
    checkNoTwice(texts);
    if (kind === 'llama') checkBytes(texts);
    else checkPairs(header, texts);
    checkByteTokens(header, texts);
    checkSpecialTokens(header, tokens.length);
    return { kind, texts };
  } catch (error) {
    throw error instanceof BadVocabulary
      ? weightsError(header.path, `is not usable: ${error.message}`, hint, error)
      : error;
  }
}

/** Tells which tokens a vocabulary has that was not checked, by their bytes: reading them all takes 10 ms. Undefined without one. */
export function tokensIn(header: GgufHeader): ((text: string) => boolean) | undefined {
  const tokens = arrayAt(header, 'tokenizer.ggml.tokens', 'string');
  if (tokens === undefined || tokens.length === 0) return undefined;
  const { buffer, byteOffset, byteLength } = tokens.bytes;
  const all = Buffer.from(buffer, byteOffset, byteLength);
  return (text) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    return all.includes(Buffer.concat([length, Buffer.from(text)]));
  };
}

/** The message says what is wrong with the vocabulary. */
class BadVocabulary extends Error {
  override readonly name = 'BadVocabulary';
}

function arrayAt(header: GgufHeader, key: string, elementType: GgufValueType): GgufArray | undefined {
  const value = header.metadata.get(key);
  return typeof value === 'object' && value.elementType === elementType ? value : undefined;
}

/** All tokens as llama.cpp reads them, a character a byte: up to a null character, and with names for empty ones. */
function readTexts({ length, bytes }: GgufArray): readonly string[] {
  const cursor = new GgufCursor(bytes, bytes.length);
  return Array.from({ length }, (_, id) => {
    const [stored = ''] = cursor.undecodedString('a token').split('\0', 1);
    return stored === '' ? `[EMPTY_${id}]` : stored;
  });
}

function checkNoTwice(texts: readonly string[]): void {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) throw new BadVocabulary(`its vocabulary has the token ${quoteBytes(text)} twice`);
    seen.add(text);
  }
}

/** SentencePiece spells what no piece covers by bytes. */
function checkBytes(texts: readonly string[]): void {
  const seen = new Set(texts);
  for (let byte = 1; byte < 256; byte++) {
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    if (!seen.has(`<0x${hex}>`) && !seen.has(String.fromCharCode(byte)))
      throw new BadVocabulary(`its vocabulary has no token for the byte ${hex}, "<0x${hex}>"`);
  }
}

/** Byte pairs begin with bytes; a byte without a token would be left out of every text. */
function checkPairs(header: GgufHeader, texts: readonly string[]): void {
  if (arrayAt(header, 'tokenizer.ggml.merges', 'string') === undefined)
    throw new BadVocabulary('its vocabulary of byte pairs has no "tokenizer.ggml.merges"');
  // llama.cpp would take token 11.
  for (const key of ['tokenizer.ggml.bos_token_id', 'tokenizer.ggml.eos_token_id'])
    if (!header.metadata.has(key))
      throw new BadVocabulary(`its vocabulary of byte pairs has no ${quote(key)}`);
  const seen = new Set(texts);
  for (const [byte, character] of BYTE_CHARACTERS.entries())
    if (!seen.has(Buffer.from(character).toString('latin1'))) {
      const hex = byte.toString(16).toUpperCase().padStart(2, '0');
      throw new BadVocabulary(`its vocabulary has no token for the byte ${hex}, ${quote(character)}`);
    }
}

/** How GPT-2's vocabularies write bytes: printable ones as they are, the others from U+0100 on. Source: openai/gpt-2, encoder.py. */
const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 0x100;
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
})();

function checkByteTokens(header: GgufHeader, texts: readonly string[]): void {
  const types = arrayAt(header, 'tokenizer.ggml.token_type', 'i32');
  if (types === undefined) return;
  if (types.length < texts.length)
    throw new BadVocabulary(`it has ${texts.length} tokens, and types for ${types.length} of them`);
  const view = new DataView(types.bytes.buffer, types.bytes.byteOffset, types.bytes.byteLength);
  for (const [id, text] of texts.entries()) {
    if (view.getInt32(4 * id, true) === BYTE_TOKEN && !BYTE_TEXT.test(text))
      throw new BadVocabulary(`its token ${id}, ${quoteBytes(text)}, is meant to be a byte and names none`);
  }
}

function checkSpecialTokens({ metadata }: GgufHeader, tokens: number): void {
  for (const [key, id] of metadata) {
    if (!/^tokenizer\.ggml\..+_token_id$/.test(key)) continue;
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= tokens)
      throw new BadVocabulary(`${quote(key)} is ${JSON.stringify(id)}, and it has ${tokens} tokens`);
  }
}

function quoteBytes(text: string): string {
  return quote(Buffer.from(text, 'latin1').toString(), 60);
}
