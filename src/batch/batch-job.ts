import { rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { Journal } from './journal/journal.js';
import type { JournalHeader } from './journal/journal-entry.js';
import { OutputFile, StreamOutput, type RowSink } from './output/output-file.js';

/** What to do about an output or a journal that already exists. */
export type Existing = 'refuse' | 'resume' | 'overwrite';

export interface JobOptions {
  /** A file, or a stream such as stdout. */
  readonly output: string | Writable;
  /** Default: the output's name and `.journal`; for a stream, one that is gone after the run. */
  readonly journal?: string | undefined;
  readonly existing: Existing;
  /** The file that rows are read from, if it is one: never written to. */
  readonly input?: string | undefined;
  /** With `resume`: try again what failed. */
  readonly retryErrors?: boolean | undefined;
  /** Tells one pair of weights from every other. */
  readonly weights: string;
  /** Seconds since 1970. */
  readonly now: number;
}

/** The files of a batch, open. */
export interface BatchJob extends AsyncDisposable {
  readonly journal: Journal;
  readonly sink: RowSink;
}

/**
 * Opens journal and output: nothing that is there is emptied unless asked for.
 * @throws ExpectedError('usage') when something is there and neither resuming nor overwriting was asked for, when there
 * is nothing to resume from, when the output is the input; ExpectedError('input') when a file cannot be opened
 */
export async function openBatchJob(options: JobOptions): Promise<BatchJob> {
  const { output, existing } = options;
  const outputPath = typeof output === 'string' ? output : undefined;
  const journalPath = options.journal ?? (outputPath === undefined ? undefined : `${outputPath}.journal`);
  await checkFiles(outputPath, journalPath, options);
  if (existing === 'overwrite' && journalPath !== undefined) await rm(journalPath, { force: true });
  const journal = await openJournal(journalPath, options);
  try {
    const sink = typeof output === 'string' ? await openOutput(output, existing) : new StreamOutput(output);
    return { journal, sink, [Symbol.asyncDispose]: () => closeBoth(journal, sink) };
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    throw error;
  }
}

async function checkFiles(
  output: string | undefined,
  journal: string | undefined,
  { existing, input }: JobOptions,
): Promise<void> {
  for (const path of [output, journal]) {
    if (path === undefined) continue;
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() === false) throw notAFile(path);
    if (stats !== undefined && (await isSameFile(path, input))) throw isInput(path);
    if (existing === 'refuse' && stats !== undefined && stats.size > 0) throw isThere(path);
  }
  const hasRows = output !== undefined && (await sizeOf(output)) > 0;
  if (existing === 'resume' && hasRows && journal !== undefined && (await sizeOf(journal)) === 0)
    throw new ExpectedError(
      'usage',
      `${quote(output)} cannot be resumed: its journal ${quote(journal)} is missing.`,
      {
        hint: 'Name another output with -o, or start over with --overwrite',
      },
    );
}

async function openJournal(path: string | undefined, options: JobOptions): Promise<Journal> {
  const { weights, now, retryErrors } = options;
  const header: JournalHeader = { llavaBatchJournal: 1, created: now, weights };
  const journal = await Journal.open({ path, header, retryErrors });
  if (journal.header.weights === weights) return journal;
  await journal[Symbol.asyncDispose]();
  throw new ExpectedError('usage', `${quote(path ?? 'The journal')} was made with other weights.`, {
    hint: 'Name the same model, another output with -o, or start over with --overwrite',
  });
}

async function openOutput(path: string, existing: Existing): Promise<OutputFile> {
  const isThere = (await stat(path).catch(() => undefined)) !== undefined;
  return await OutputFile.open(path, existing === 'resume' && isThere);
}

async function closeBoth(journal: Journal, sink: RowSink): Promise<void> {
  try {
    await sink.close();
  } finally {
    await journal[Symbol.asyncDispose]();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function isSameFile(path: string, other: string | undefined): Promise<boolean> {
  if (other === undefined) return false;
  const [one, two] = await Promise.all([path, other].map((name) => stat(name).catch(() => undefined)));
  return one !== undefined && one.ino === two?.ino && one.dev === two.dev;
}

function notAFile(path: string): ExpectedError {
  return new ExpectedError('usage', `${quote(path)} is not a regular file.`, {
    hint: 'Write to stdout instead: -o -',
  });
}

function isInput(path: string): ExpectedError {
  return new ExpectedError('usage', `${quote(path)} is also the input.`, {
    hint: 'Name another file with -o',
  });
}

function isThere(path: string): ExpectedError {
  return new ExpectedError('usage', `${quote(path)} already exists.`, {
    hint: 'Continue with --resume, or start over with --overwrite',
  });
}
