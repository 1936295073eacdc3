import type { BenchSetup } from './bench-setup.js';
import type { Figures } from './figures.js';
import type { ProgramRun } from './run-once.js';

/* Figures that several contenders show: only those of the same name are compared. */

/** Steps of one question, in milliseconds. */
interface Steps {
  readonly loadMs: number;
  readonly encodeMs: number;
  /** Evaluation of the picture. */
  readonly lookMs: number;
  /** A token of the answer, behind the first. */
  readonly tokenMs: number;
}

export function onceFigures(
  { seconds, peakMegabytes }: ProgramRun,
  { loadMs, encodeMs, lookMs, tokenMs }: Steps,
): Figures {
  return {
    'one question, s': seconds,
    'load, s': loadMs / 1000,
    'encode, s': encodeMs / 1000,
    'evaluate the picture, s': lookMs / 1000,
    'a token of the answer, ms': tokenMs,
    'peak memory, MB': peakMegabytes,
  };
}

export function manyFigures({ pictures, questions }: BenchSetup, seconds: number): Figures {
  const asked = questions.length === 1 ? '1 question' : `${questions.length} questions`;
  return { [`${asked} on each of ${pictures.length} pictures, s`]: seconds };
}

export function chatFigures(seconds: number): Figures {
  return { 'chat, first word of turn 2, s': seconds };
}
