import { quote } from '../../llava/quote.js';
import { GgufCursor } from '../gguf/gguf-cursor.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import type { GgufArray, GgufValueType } from '../gguf/parse-gguf.js';
import { textAt } from './header-fields.js';
import { weightsError } from '../weights-error.js';

/** llama.cpp's `LLAMA_TOKEN_TYPE_BYTE`. */
const BYTE_TOKEN = 6;
const BYTE_TEXT = /^<0x[0-9A-F]{2}>$/;

/**
 * Checks that a vocabulary is LLaMA's kind, and one that llama.cpp can read texts with. Without these it ends the whole
 * process, by an assertion when it loads or a failed look-up when a text holds an unusual character.
 * Source: llama.cpp v0.5.0, llama-vocab.cpp.
 * @returns how many tokens it has
 * @throws ExpectedError 'weights'
 */
export function checkVocabulary(header: GgufHeader, hint: string): number {
  const kind = textAt(header, 'tokenizer.ggml.model');
  if (kind !== 'llama') {
    const found = kind === undefined ? 'no vocabulary' : `the vocabulary ${quote(kind)}`;
    throw weightsError(header.path, `has ${found}; LLaVA-1.5 needs that of "llama"`, hint);
  }
  const tokens = arrayAt(header, 'tokenizer.ggml.tokens', 'string');
  if (tokens === undefined) throw weightsError(header.path, 'has no tokens in its vocabulary', hint);
  try {
    const texts = checkTexts(tokens);
    checkByteTokens(header, texts);
    checkSpecialTokens(header, tokens.length);
  } catch (error) {
    throw error instanceof BadVocabulary
      ? weightsError(header.path, `is not usable: ${error.message}`, hint, error)
      : error;
  }
  return tokens.length;
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
function checkTexts({ length, bytes }: GgufArray): readonly string[] {
  const cursor = new GgufCursor(bytes, bytes.length);
  const seen = new Set<string>();
  const texts = Array.from({ length }, (_, id) => {
    const [stored = ''] = cursor.undecodedString('a token').split('\0', 1);
    const text = stored === '' ? `[EMPTY_${id}]` : stored;
    if (seen.has(text)) throw new BadVocabulary(`its vocabulary has the token ${quoteBytes(text)} twice`);
    seen.add(text);
    return text;
  });
  for (let byte = 1; byte < 256; byte++) {
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    if (!seen.has(`<0x${hex}>`) && !seen.has(String.fromCharCode(byte)))
      throw new BadVocabulary(`its vocabulary has no token for the byte ${hex}, "<0x${hex}>"`);
  }
  return texts;
}

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
