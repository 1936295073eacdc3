import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import { readIfThere } from '../files/read-if-there.js';
import { TOKEN_TYPES } from './vocabulary.js';

/** A piece of a SentencePiece model, with the numbers that the file has. */
export interface Piece {
  readonly text: string;
  readonly score: number;
  /** `TOKEN_TYPES`. */
  readonly type: number;
}

/** Llama's has 500 kB; the largest known ones 5 MB. */
const LONGEST_MODEL = 1 << 26;

/** Wire types of protocol buffers. */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/**
 * The pieces of a `tokenizer.model`: field 1 of SentencePiece's ModelProto, with text, score and type in fields 1 to 3.
 * Undefined when there is no such file. Source: sentencepiece_model.proto.
 * @throws ExpectedError('weights') for a damaged file
 */
export async function readSentencePiece(path: string): Promise<readonly Piece[] | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const pieces = bytes.length > LONGEST_MODEL ? undefined : piecesOf(bytes);
  if (pieces === undefined || pieces.length === 0)
    throw fileError(path, 'is no SentencePiece model: its pieces cannot be read', FETCH_AGAIN);
  return pieces;
}

function piecesOf(bytes: Buffer): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field === undefined) return undefined;
    if (field.number !== 1 || field.wire !== DELIMITED) continue;
    const piece = pieceOf(field.bytes);
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  return pieces;
}

function pieceOf(bytes: Buffer): Piece | undefined {
  let piece: Piece = { text: '', score: 0, type: TOKEN_TYPES.normal };
  for (const field of fieldsOf(bytes)) {
    if (field === undefined) return undefined;
    if (field.number === 1 && field.wire === DELIMITED)
      piece = { ...piece, text: field.bytes.toString('utf8') };
    if (field.number === 2 && field.wire === FIXED32) piece = { ...piece, score: field.bytes.readFloatLE(0) };
    if (field.number === 3 && field.wire === VARINT) piece = { ...piece, type: field.value };
  }
  return piece;
}

interface ProtoField {
  readonly number: number;
  readonly wire: number;
  /** Of a varint. */
  readonly value: number;
  /** Of everything else. */
  readonly bytes: Buffer;
}

/** The fields of a message in order; undefined, once, where it is damaged. */
function* fieldsOf(bytes: Buffer): Generator<ProtoField | undefined, void> {
  const none = bytes.subarray(0, 0);
  for (let at = 0; at < bytes.length;) {
    const tag = varint(bytes, at);
    if (tag === undefined) {
      yield undefined;
      return;
    }
    const wire = tag.value & 7;
    const isLong = wire === VARINT || wire === DELIMITED;
    const first = isLong ? varint(bytes, tag.end) : undefined;
    if (isLong && first === undefined) {
      yield undefined;
      return;
    }
    const start = first?.end ?? tag.end;
    const length = wire === DELIMITED ? (first?.value ?? 0) : wire === FIXED32 ? 4 : wire === FIXED64 ? 8 : 0;
    const isKnown = isLong || wire === FIXED32 || wire === FIXED64;
    if (!isKnown || start + length > bytes.length) {
      yield undefined;
      return;
    }
    const content = wire === VARINT ? none : bytes.subarray(start, start + length);
    yield { number: Math.floor(tag.value / 8), wire, value: first?.value ?? 0, bytes: content };
    at = start + length;
  }
}

/** Seven bits a byte, the lowest first; undefined beyond ten bytes, and rounded beyond 2⁵³, which nothing here needs. */
function varint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}
