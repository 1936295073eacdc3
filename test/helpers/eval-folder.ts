import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Benchmark, EvalRow, FileToWrite } from '../../src/eval/benchmark.js';
import type { Figure } from '../../src/eval/eval-result.js';
import { readAnswers, type AnswerFile } from '../../src/eval/files/read-answers.js';

/** One JSON value a line. */
export function jsonLines(...values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** A folder inside `parent` with these files; what is no text is written as JSON. */
export function dataFolder(parent: string, files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(parent, 'data-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** An answer file, read. */
export async function answersOf(
  parent: string,
  ...answers: readonly { question_id: string | number; text: string; prompt?: string }[]
): Promise<AnswerFile> {
  const folder = dataFolder(parent, { 'answers.jsonl': jsonLines(...answers) });
  return readAnswers(join(folder, 'answers.jsonl'));
}

export async function rowsOf(benchmark: Benchmark, folder: string): Promise<EvalRow[]> {
  const rows: EvalRow[] = [];
  for await (const row of benchmark.rows(folder)) rows.push(row);
  return rows;
}

/** `name: right/total` or `name: value` of each figure, to compare at once. */
export function brief(figures: readonly Figure[]): string[] {
  return figures.map(({ name, value, right, total }) =>
    right === undefined ? `${name}: ${Number(value.toFixed(4))}` : `${name}: ${right}/${total}`,
  );
}

/** The text of an output file. */
export function textOf(files: readonly FileToWrite[] | undefined, name: string): string {
  const content = files?.find((file) => file.name === name)?.content;
  if (typeof content !== 'string') throw new Error(`no text file ${name}`);
  return content;
}
