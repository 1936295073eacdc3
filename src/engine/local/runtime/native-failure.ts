import { ExpectedError, type ErrorKind } from '../../../llava/expected-error.js';
import type { NativeErrorCode } from './native-addon.js';
import { OutOfMemory } from './out-of-memory.js';

/** `CLOSED`, `BUSY` and `INVALID_ARGUMENT` are mistakes of ours: they stay unexpected. */
const KIND_OF_CODE: Partial<Record<NativeErrorCode, ErrorKind>> = {
  INVALID_WEIGHTS: 'weights',
  CANCELLED: 'interrupted',
  ENGINE: 'engine',
  NOT_FOUND: 'engine',
  INCOMPATIBLE: 'engine',
};

const HINT_OF_KIND: Partial<Record<ErrorKind, string>> = {
  weights: 'Use the mmproj file that was published with the language model',
  engine: 'Run again with NODE_DEBUG=llava to see what llama.cpp says',
};

/** The addon's errors carry a code: they become expected errors; others stay what they are. */
export function nativeFailure(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  if (error.code === 'OUT_OF_MEMORY') return new OutOfMemory(`${error.message}.`, error);
  const kind = KIND_OF_CODE[error.code as NativeErrorCode];
  if (kind === undefined) return error;
  const hint = HINT_OF_KIND[kind];
  return new ExpectedError(kind, error.message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
