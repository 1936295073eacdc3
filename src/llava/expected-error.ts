/** What went wrong, by who can mend it; the exit-code table is keyed by it. `servers`: none is left that answers. */
export type ErrorKind = 'usage' | 'input' | 'weights' | 'engine' | 'servers' | 'interrupted';

/**
 * A failure that users can meet and mend: printed as one line plus the next step, never with a stack.
 * The message quotes the offending value; the hint is the next thing to type or do.
 */
export class ExpectedError extends Error {
  override readonly name = 'ExpectedError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
  }
}
