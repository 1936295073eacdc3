import { ExpectedError } from '../llava/expected-error.js';

/** What OpenAI's clients are told beside the sentence. */
export interface ProblemOptions {
  /** The field that is wrong, such as `messages[0].content`. */
  readonly param?: string | undefined;
  /** A word for programs, such as `context_length_exceeded`. */
  readonly code?: string | undefined;
  /** Seconds after which to try again. */
  readonly retryAfter?: number | undefined;
}

/** Why a request gets no answer, with the status that says so. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 503;
  readonly param: string | undefined;
  readonly code: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(status: RequestProblem['status'], message: string, options: ProblemOptions = {}) {
    super(message);
    this.status = status;
    this.param = options.param;
    this.code = options.code;
    this.retryAfter = options.retryAfter;
  }
}

/** Runs what may find a request wrong. @throws RequestProblem 400 for the field, in place of an expected error */
export function asProblem<Result>(param: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpectedError) throw new RequestProblem(400, error.message, { param });
    throw error;
  }
}
