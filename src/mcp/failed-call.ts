import type { CallToolResult } from '@modelcontextprotocol/server';
import { RowFailure } from '../batch/rows/row-error.js';
import { ExpectedError } from '../llava/expected-error.js';

/** A failure as the agent is told it, which can then call again in another way; defects tell nothing of themselves. */
export function failedCall(error: unknown, onDefect: (error: unknown) => void): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: describe(error, onDefect) }] };
}

function describe(error: unknown, onDefect: (error: unknown) => void): string {
  if (error instanceof RowFailure) return error.message;
  if (error instanceof ExpectedError)
    return [error.message, error.hint].filter((line) => line !== undefined).join('\n');
  onDefect(error);
  return 'llava failed because of a defect of its own; its log has the details.';
}
