import type { EvalRow } from '../benchmark.js';
import { strip } from './python.js';

/** What of a row comes back with its answer: the batch keeps fields it does not know in `metadata`. */
interface Carried {
  readonly prompt: string;
  readonly extra?: EvalRow['extra'];
}

/** Keys of the authors' answer files in their order; `round_id`, `options` and `option_char` are MMBench's. */
const ORDER = [
  'question_id',
  'round_id',
  'prompt',
  'text',
  'options',
  'option_char',
  'answer_id',
  'model_id',
  'metadata',
  'error',
] as const;

/** A row as a line for the batch. @param picture a path or a data URL */
export function batchLine({ questionId, text, prompt, extra }: EvalRow, picture: string): string {
  const row: Carried = { prompt, ...(extra === undefined ? {} : { extra }) };
  return `${JSON.stringify({ question_id: questionId, image: picture, text, row })}\n`;
}

/**
 * A line of the batch's output as the authors' answer files have it: their "prompt" is not always what was asked, their
 * "text" has no white space at its ends, and MMBench has fields of its own. A row that failed keeps `error`.
 * Source: `llava/eval/model_vqa_loader.py` and `model_vqa_mmbench.py`.
 */
export function answerLine(line: string): string {
  const { metadata, text, ...fields } = JSON.parse(line) as { metadata: { row: Carried }; text?: string };
  const { prompt, extra } = metadata.row;
  const answer = text === undefined ? {} : { text: strip(text) };
  const all: Readonly<Record<string, unknown>> = { ...fields, ...extra, ...answer, prompt, metadata: {} };
  return `${JSON.stringify(Object.fromEntries(ORDER.flatMap((key) => (key in all ? [[key, all[key]]] : []))))}\n`;
}
