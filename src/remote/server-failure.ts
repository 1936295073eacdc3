import { ContextFull } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/**
 * `unreachable`: nothing was asked. `overloaded`: it asks to wait. `broken`: it died, or said what is no answer. `denied`: it
 * answers nothing for this key, address or model. `refused`: it will not answer this question, whoever asks again.
 */
export type Trouble = 'unreachable' | 'overloaded' | 'broken' | 'denied' | 'refused';

/** A server did not answer; which one, and why, is in the message. */
export class ServerFailure extends ExpectedError {
  readonly trouble: Trouble;
  /** How long it asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** @param problem finishes "The server … " and has no full stop */
  constructor(
    trouble: Trouble,
    address: string,
    problem: string,
    options: { hint?: string; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super('engine', `The server ${quote(address)} ${problem}.`, options);
    this.trouble = trouble;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * What it means that a server refused a prompt for its length; any other failure is given back as it is.
 * @param pattern how that kind of server says so
 */
export function asContextFull(error: unknown, pattern: RegExp, hint: string): unknown {
  const isFull = error instanceof ServerFailure && error.trouble === 'refused' && pattern.test(error.message);
  return isFull ? new ContextFull(error.message, hint) : error;
}
