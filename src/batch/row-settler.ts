import type { FailedRow } from './rows/batch-row.js';
import type { BatchCount, RowOrigin } from './batch-summary.js';
import { groupRows, type PictureGroup, type PlannedQuestion } from './group-rows.js';
import type { Journal } from './journal/journal.js';
import type { JournalEntry } from './journal/journal-entry.js';
import type { Placed, PlannedRow } from './open-rows.js';
import { failRow, type AskableRow } from './prepare-row.js';
import type { BatchFacts, RowAnswer } from './rows/row-answer.js';
import type { RowError } from './rows/row-error.js';
import type { RowOutput } from './output/row-output.js';
import { writeAnsweredRow, writeFailedRow } from './rows/write-row.js';

/** Brings outcomes to the journal first, then to their rows. */
export class RowSettler {
  readonly #journal: Journal;
  readonly #output: RowOutput;
  readonly #count: BatchCount;
  readonly #facts: BatchFacts;
  /** Keys that were known when the run began. */
  readonly #isFromBefore: (key: string) => boolean;
  /** Questions that are not settled yet, by their fingerprint. */
  readonly #open = new Map<string, PlannedQuestion>();

  constructor(journal: Journal, output: RowOutput, count: BatchCount, facts: BatchFacts) {
    this.#journal = journal;
    this.#output = output;
    this.#count = count;
    this.#facts = facts;
    this.#isFromBefore = journal.whatIsFromBefore();
  }

  /**
   * Writes the rows that failed or are known from the journal; gives back what must be asked for the others. A row that asks
   * what is being asked already waits for that answer.
   */
  async plan(window: readonly PlannedRow[], isOver: () => boolean): Promise<readonly PictureGroup[]> {
    const unknown: Placed<AskableRow>[] = [];
    for (const { index, row } of window) {
      if (isOver()) return [];
      if ('error' in row) await this.#fail(index, row, 'failed');
      else {
        const open = this.#open.get(row.fingerprint);
        if (open !== undefined) open.rows.push({ index, row });
        else if (!(await this.#settleFromJournal(index, row))) unknown.push({ index, row });
      }
    }
    const groups = groupRows(unknown);
    for (const { questions } of groups)
      for (const question of questions) this.#open.set(question.fingerprint, question);
    return groups;
  }

  /** One answer to all rows that asked for it. */
  async answer(question: PlannedQuestion, answer: RowAnswer): Promise<void> {
    await this.#journal.append({ key: question.fingerprint, answer });
    await this.#settleAll(question, { key: question.fingerprint, answer });
  }

  /** One failure for all rows that asked. */
  async fail(question: PlannedQuestion, error: RowError): Promise<void> {
    await this.#journal.append({ key: question.fingerprint, error });
    await this.#settleAll(question, { key: question.fingerprint, error });
  }

  /** So that `--retry-errors` looks for the picture anew. */
  async failPicture(key: string, error: RowError): Promise<void> {
    await this.#journal.append({ key, error });
  }

  addPicture(): void {
    this.#count.addPicture();
  }

  async flush(): Promise<void> {
    await this.#output.flush();
  }

  async #settleAll(question: PlannedQuestion, entry: JournalEntry): Promise<void> {
    // Who asks the same from here on finds it in the journal.
    this.#open.delete(question.fingerprint);
    for (const [place, { index, row }] of question.rows.entries())
      await this.#settle(index, row, entry, place === 0 ? 'answered' : 'repeated');
  }

  async #settleFromJournal(index: number, row: AskableRow): Promise<boolean> {
    const entry = await this.#journal.find(row.fingerprint);
    if (entry === undefined || 'picture' in entry) return false;
    const origin = this.#isFromBefore(row.fingerprint) ? 'resumed' : 'repeated';
    await this.#settle(index, row, entry, origin);
    return true;
  }

  async #settle(index: number, asked: AskableRow, entry: JournalEntry, origin: RowOrigin): Promise<void> {
    const { row, picture, request, fingerprint } = asked;
    if ('answer' in entry) {
      const answered = { answer: entry.answer, picture, request, fingerprint };
      this.#count.add(origin, row.bytes);
      await this.#output.put(index, writeAnsweredRow(row, answered, this.#facts));
    } else if ('error' in entry) {
      await this.#fail(index, failRow(row, entry), origin === 'resumed' ? 'resumed' : 'failed');
    }
  }

  async #fail(index: number, row: FailedRow, origin: RowOrigin): Promise<void> {
    this.#count.add(origin, row.bytes, row.error.code);
    await this.#output.put(index, writeFailedRow(row));
  }
}
