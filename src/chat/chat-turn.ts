import type { AnswerUsage, StopReason } from '../engine/engine.js';
import type { Turn } from '../llava/conversation.js';
import type { Question } from '../llava/response-format.js';

/** Why an answer ended; `stopped` is by the user. */
export type ChatStop = StopReason | 'stopped';

/** One question and its answer. */
export interface ChatTurn {
  readonly question: Question;
  /** The user's turn as it was evaluated: question and formatting prompt. */
  readonly request: string;
  readonly answer: string;
  readonly stop: ChatStop;
}

/** An answer as it ended. */
export interface ChatAnswer {
  readonly turn: ChatTurn;
  /** Absent when the user stopped it. */
  readonly usage: AnswerUsage | undefined;
}

/** Turns as the prompt has them. */
export function promptTurns(turns: readonly ChatTurn[]): readonly Turn[] {
  return turns.map(({ request, answer }) => ({ question: request, answer }));
}

/** Fewer free positions than this and the context is nearly full. */
export function reserveOf(contextSize: number): number {
  return Math.min(256, Math.floor(contextSize / 8));
}

/**
 * How many of the oldest turns must go so that a question fits with room for an answer; all of them at most.
 * @param count positions of the prompt with those turns
 */
export async function turnsToDrop(
  turns: readonly Turn[],
  contextSize: number,
  count: (turns: readonly Turn[]) => Promise<number>,
): Promise<number> {
  const fits = async (dropped: number) =>
    (await count(turns.slice(dropped))) + reserveOf(contextSize) <= contextSize;
  let dropped = 0;
  while (dropped < turns.length && !(await fits(dropped))) dropped++;
  return dropped;
}

export function countTurns(count: number): string {
  return count === 1 ? '1 turn' : `${count} turns`;
}
