import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

/** A failure of the disk under `target`, in words; anything else stays as it is. */
export function diskError(target: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ExpectedError || !('code' in error)) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new ExpectedError(
    'weights',
    isFull
      ? `The disk of ${quote(target)} is full.`
      : `${quote(target)} could not be written: ${error.message}`,
    {
      hint: isFull
        ? 'Make space and try again: what is here already is kept. HF_HUB_CACHE names another folder'
        : 'Set HF_HUB_CACHE to a folder you may write to',
      cause: error,
    },
  );
}
