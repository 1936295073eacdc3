import type { BatchRow, FailedRow, RowFields } from './batch-row.js';
import { writeFailedLlavaRow, writeLlavaRow } from './llava-row.js';
import { writeFailedOpenaiRow, writeOpenaiRow } from './openai-row.js';
import { writeFailedOwnRow, writeOwnRow } from './own-row.js';
import type { AnsweredRow, BatchFacts } from './row-answer.js';

/** An answered row as a line of the output, in its own shape, with its line break. */
export function writeAnsweredRow(row: BatchRow, answered: AnsweredRow, facts: BatchFacts): string {
  return toLine(fieldsOf(row, answered, facts));
}

/** A row without an answer as a line of the output. */
export function writeFailedRow(row: FailedRow): string {
  switch (row.shape) {
    case 'openai':
      return toLine(writeFailedOpenaiRow(row));
    case 'llava':
      return toLine(writeFailedLlavaRow(row));
    case 'own':
    case undefined:
      return toLine(writeFailedOwnRow(row));
  }
}

function fieldsOf(row: BatchRow, answered: AnsweredRow, facts: BatchFacts): RowFields {
  switch (row.shape) {
    case 'openai':
      return writeOpenaiRow(row, answered, facts);
    case 'llava':
      return writeLlavaRow(row, answered, facts);
    case 'own':
      return writeOwnRow(row, answered, facts);
  }
}

function toLine(fields: RowFields): string {
  return `${JSON.stringify(fields)}\n`;
}
