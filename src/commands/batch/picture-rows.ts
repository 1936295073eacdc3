import { Readable } from 'node:stream';
import { ExpectedError } from '../../llava/expected-error.js';
import { warn } from '../../terminal/report-error.js';
import type { CommandContext } from '../command-context.js';
import { namePictures } from '../options/picture-sources.js';
import type { BatchFlags } from './batch-flags.js';
import { openRows } from './row-source.js';

/** The bytes of rows, and the file that they come from, if it is one. */
export interface BatchInput {
  readonly rows: AsyncIterable<Uint8Array>;
  readonly path?: string;
}

/** The rows of a file or of stdin; or, with --pictures, a row for each picture that is named. */
export async function openInput(
  input: string,
  flags: BatchFlags,
  context: CommandContext,
): Promise<BatchInput> {
  const { pictures, question } = flags;
  if (pictures === undefined && question === undefined)
    return { rows: await openRows(input, context.io), ...(input === '-' ? {} : { path: input }) };
  if (pictures === undefined || input !== '-')
    throw new ExpectedError('usage', '--question goes with --pictures, and not with a file of rows.', {
      hint: 'llava batch --pictures photos/ --question "What is it?" -o answers.jsonl',
    });
  const rows: string[] = [];
  for (const word of pictures) {
    for (const { image, isExact } of await namePictures(word, flags, context)) {
      if (isExact) rows.push(`${JSON.stringify({ image, question })}\n`);
      else warn(context.io, `"${image}" is left out: its name is not UTF-8, which JSON needs.`);
    }
  }
  return { rows: Readable.from(rows.map((row) => Buffer.from(row))) };
}
