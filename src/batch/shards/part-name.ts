import { extname } from 'node:path';
import type { Shard } from '../rows/read-rows.js';

/** The file of one shard: `answers.jsonl` → `answers.03-of-12.jsonl`, so that sorted names are in the shards' order. */
export function partName(path: string, { index, count }: Shard): string {
  const extension = extname(path);
  const number = String(index).padStart(String(count).length, '0');
  return `${path.slice(0, path.length - extension.length)}.${number}-of-${count}${extension}`;
}

const PART = /\.(\d+)-of-(\d+)(?=(?:\.[^.]*)?$)/;

/** The shard that a name tells, as `partName` writes it, or undefined. */
export function shardOfName(path: string): Shard | undefined {
  const [, index = 0, count = 0] = (PART.exec(path) ?? []).map(Number);
  return index >= 1 && index <= count ? { index, count } : undefined;
}

/** The name of another part: `answers.1-of-8.jsonl` → `answers.2-of-8.jsonl`. */
export function siblingName(path: string, shard: Shard): string {
  return partName(path.replace(PART, ''), shard);
}
