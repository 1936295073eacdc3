import { stat } from 'node:fs/promises';
import { glob, isDynamicPattern } from 'tinyglobby';
import { naturalOrder } from '../../files/natural-order.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { shardOfName, siblingName } from './part-name.js';

/** Missing parts that a message names. */
const NAMED = 5;

/**
 * The outputs of all shards in their order: files by their names, and what patterns such as `answers.*-of-8.jsonl`
 * match, sorted naturally. If the names tell their shards, their order is that of the shards.
 * @throws ExpectedError('input') when a pattern matches nothing, or the names show that a part is missing, is there
 * twice, or belongs to another number of shards
 */
export async function findParts(names: readonly string[]): Promise<readonly string[]> {
  const parts: string[] = [];
  for (const name of names) parts.push(...(await filesOf(name)));
  return inShardOrder(parts);
}

async function filesOf(name: string): Promise<readonly string[]> {
  // On Windows, a backslash parts folders; in a pattern it would quote.
  const pattern = process.platform === 'win32' ? name.replaceAll('\\', '/') : name;
  if (!isDynamicPattern(pattern) || (await stat(name).catch(() => undefined)) !== undefined) return [name];
  const files = await glob(pattern, { expandDirectories: false });
  if (files.length > 0) return files.sort(naturalOrder());
  throw new ExpectedError('input', `No file matches ${quote(name)}.`, {
    hint: 'Name the parts that the shards wrote: llava batch merge in.jsonl "answers.*-of-8.jsonl"',
  });
}

function inShardOrder(parts: readonly string[]): readonly string[] {
  const [first = '', ...others] = parts;
  const count = shardOfName(first)?.count;
  if (count === undefined || others.some((path) => shardOfName(path) === undefined)) return parts;
  const byIndex = new Map<number, string>();
  for (const path of parts) {
    const shard = shardOfName(path);
    if (shard?.count !== count)
      throw mixed(`${quote(first)} is one of ${count} parts, ${quote(path)} one of ${shard?.count ?? 0}.`);
    const twin = byIndex.get(shard.index);
    if (twin !== undefined) throw mixed(`${quote(twin)} and ${quote(path)} are the same part.`);
    byIndex.set(shard.index, path);
  }
  const all = Array.from({ length: count }, (_, place) => place + 1);
  const missing = all.filter((index) => !byIndex.has(index));
  if (missing.length > 0) throw missingParts(first, missing, count);
  return all.map((index) => byIndex.get(index) ?? '');
}

function missingParts(name: string, missing: readonly number[], count: number): ExpectedError {
  const names = missing.slice(0, NAMED).map((index) => quote(siblingName(name, { index, count })));
  const more = missing.length > NAMED ? ', …' : '';
  return new ExpectedError(
    'input',
    `${missing.length} of ${count} parts ${missing.length === 1 ? 'is' : 'are'} missing: ${names.join(', ')}${more}.`,
    { hint: `Answer what is missing, such as --shard ${missing[0] ?? 1}/${count}` },
  );
}

function mixed(problem: string): ExpectedError {
  return new ExpectedError('input', problem, {
    hint: 'Name the parts of one run: llava batch merge in.jsonl "answers.*-of-8.jsonl"',
  });
}
