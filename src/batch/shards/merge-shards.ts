import { createReadStream } from 'node:fs';
import { ExpectedError } from '../../llava/expected-error.js';
import { isObject, parseJson } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import type { QuestionDefaults } from '../../answer/question-options.js';
import type { BatchRow, FailedRow } from '../rows/batch-row.js';
import { readLines, type InputLine } from '../rows/read-lines.js';
import { readRows, shardOf } from '../rows/read-rows.js';
import { fileProblem } from '../../llava/file-problem.js';

/** Fields that tell which row of the input an output row belongs to. */
const ID_FIELDS = ['custom_id', 'question_id', 'id', 'question'] as const;

/** Output rows may repeat long texts. */
const MAX_BYTES = 2 ** 30;

/**
 * The rows of `parts` in the order of the input, each with its line break. Row after row the input tells which part
 * comes next, as it did when the shards were answered.
 * @param parts the ordered outputs of shard 1 of n, 2 of n, …
 * @throws ExpectedError('input') when parts and input do not belong together, or a part is not complete
 */
export async function* mergeShards(
  input: AsyncIterable<Uint8Array>,
  parts: readonly string[],
  defaults: QuestionDefaults,
): AsyncGenerator<string> {
  const readers = parts.map((path) => readLines(bytesOf(path), MAX_BYTES));
  try {
    for await (const row of readRows(input, { defaults })) {
      const place = shardOf(row, parts.length) - 1;
      const path = parts[place] ?? '';
      const line = await nextLine(readers[place], path);
      if (line === undefined) throw notItsPart(path, `ends before line ${row.line} of the input`);
      if (!belongs(line, row)) throw notItsPart(path, `does not have line ${row.line} of the input next`);
      yield `${line}\n`;
    }
    for (const [place, path] of parts.entries())
      if ((await nextLine(readers[place], path)) !== undefined)
        throw notItsPart(path, 'has more rows than the input');
  } finally {
    for (const reader of readers) await reader.return(undefined);
  }
}

/** Opened when it is first read, so that its failure has someone to meet it. */
async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

async function nextLine(
  reader: AsyncGenerator<InputLine, undefined> | undefined,
  path: string,
): Promise<string | undefined> {
  try {
    const next: IteratorResult<InputLine, undefined> | undefined = await reader?.next();
    const text = next?.value?.text;
    if (text === undefined || typeof text === 'string') return text;
    throw notItsPart(path, 'has a line that cannot be read');
  } catch (error) {
    if (error instanceof ExpectedError || !(error instanceof Error)) throw error;
    throw new ExpectedError('input', `${quote(path)} cannot be read: ${fileProblem(error)}.`, {
      hint: 'Name the outputs of all shards: llava batch merge in.jsonl part1.jsonl part2.jsonl',
      cause: error,
    });
  }
}

/** Whether the ids that both rows have are equal. */
function belongs(line: string, { fields }: BatchRow | FailedRow): boolean {
  const output = parseJson(line);
  if (!isObject(output)) return false;
  return ID_FIELDS.every((field) => {
    const value = output[field];
    const wanted = fields[field];
    return value === undefined || wanted === undefined || JSON.stringify(value) === JSON.stringify(wanted);
  });
}

function notItsPart(path: string, problem: string): ExpectedError {
  return new ExpectedError('input', `${quote(path)} ${problem}.`, {
    hint: 'Name the same input, and the finished outputs of all its shards in their order, none of them --unordered',
  });
}
