import { open } from 'node:fs/promises';
import type { QuestionDefaults } from '../../answer/question-options.js';
import { readQuestionFlags } from '../../answer/read-question-flags.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';
import type { PictureRules } from '../../batch/pictures/row-picture.js';
import type { Io } from '../../terminal/io.js';
import { openFetcher } from '../options/open-fetcher.js';
import { samplingOf } from '../options/option-groups.js';
import { pictureWishes } from '../options/picture-options.js';
import type { BatchFlags } from './batch-flags.js';

/**
 * The bytes of the rows: of a file, or of stdin.
 * @throws ExpectedError('input') when the file cannot be read, or nobody gives rows to stdin
 */
export async function openRows(input: string, io: Io): Promise<AsyncIterable<Uint8Array>> {
  if (input !== '-') return await openFile(input);
  if (io.stdinIsTerminal)
    throw new ExpectedError('usage', 'No file of rows was named, and stdin is the terminal.', {
      hint: 'llava batch questions.jsonl -o answers.jsonl',
    });
  return io.stdin as AsyncIterable<Buffer>;
}

async function openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const file = await open(path);
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new Error('it is a folder');
    }
    return file.createReadStream() as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ExpectedError('input', `The rows ${quote(path)} cannot be read: ${fileProblem(error)}.`, {
      hint: 'Name a file of JSONL, or - for stdin',
      cause: error,
    });
  }
}

/** What the command line says for rows that do not say it themselves. */
export function rowDefaults(flags: BatchFlags): QuestionDefaults {
  return { ...readQuestionFlags(flags), sampling: samplingOf(flags) };
}

/** How pictures of rows may be got, until it is disposed of. */
export function pictureRules(flags: BatchFlags): PictureRules & AsyncDisposable {
  const { imageFolder, restrictPaths } = flags;
  const fetcher = openFetcher(flags);
  return {
    imageFolder,
    restrictPaths,
    wishes: pictureWishes(flags),
    part: flags.frame ?? flags.page,
    fetcher,
    [Symbol.asyncDispose]: async () => {
      await fetcher?.[Symbol.asyncDispose]();
    },
  };
}
