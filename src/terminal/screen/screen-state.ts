import { printable } from '../printable.js';
import { emptyInput, type Input } from './input.js';
import { wrapRows } from './wrap-rows.js';

/** What the status line tells; see `ChatStatus` of the chat. */
export interface ShownStatus {
  readonly model: string;
  readonly device: string | undefined;
  readonly picture: string | undefined;
  readonly used: number;
  readonly contextSize: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly work: string | undefined;
}

/** Something that is finished and scrolls up with the terminal. */
export type Entry =
  /** A row of an answer, broken to the width there was. */
  | { readonly kind: 'question' | 'answer' | 'note' | 'error' | 'hint'; readonly text: string }
  /** Escape codes that draw a picture. */
  | { readonly kind: 'preview'; readonly data: string };

/** All that the screen shows. */
export interface ScreenState {
  readonly entries: readonly Entry[];
  /** The row of the answer that still grows; undefined when none is being given. */
  readonly answer: string | undefined;
  readonly input: Input;
  /** Lines that wait for the answer before them. */
  readonly waiting: readonly string[];
  /** A question that takes yes or no. */
  readonly choice: string | undefined;
  readonly status: ShownStatus;
}

export type ScreenChange =
  | { readonly type: 'entry'; readonly kind: Exclude<Entry['kind'], 'preview'>; readonly text: string }
  | { readonly type: 'preview'; readonly data: string }
  | { readonly type: 'answer'; readonly text: string; readonly columns: number }
  | { readonly type: 'answer-ended' }
  | { readonly type: 'input'; readonly input: Input }
  | { readonly type: 'waiting'; readonly lines: readonly string[] }
  | { readonly type: 'choice'; readonly question: string | undefined }
  | { readonly type: 'status'; readonly status: ShownStatus };

export function emptyScreen(status: ShownStatus, history: readonly string[]): ScreenState {
  const input = emptyInput(history);
  return { entries: [], answer: undefined, input, waiting: [], choice: undefined, status };
}

/** The screen after a change. Text from models, files and pastes loses its control characters here. */
export function changeScreen(state: ScreenState, change: ScreenChange): ScreenState {
  switch (change.type) {
    case 'entry':
      return withEntries(state, [{ kind: change.kind, text: shown(change.text) }]);
    case 'preview':
      return withEntries(state, [{ kind: 'preview', data: change.data }]);
    case 'answer': {
      const text = (state.answer ?? '') + shown(change.text);
      const { rows, rest } = wrapRows(state.answer === undefined ? text.trimStart() : text, change.columns);
      const finished = rows.map((row) => ({ kind: 'answer', text: row }) as const);
      return { ...withEntries(state, finished), answer: rest };
    }
    case 'answer-ended': {
      const last = state.answer?.trimEnd() ?? '';
      return {
        ...withEntries(state, last === '' ? [] : [{ kind: 'answer', text: last }]),
        answer: undefined,
      };
    }
    case 'input':
      return { ...state, input: change.input };
    case 'waiting':
      return { ...state, waiting: change.lines.map(shown) };
    case 'choice':
      return { ...state, choice: change.question === undefined ? undefined : shown(change.question) };
    case 'status':
      return { ...state, status: change.status };
  }
}

function withEntries(state: ScreenState, entries: readonly Entry[]): ScreenState {
  return entries.length === 0 ? state : { ...state, entries: [...state.entries, ...entries] };
}

/** Tabs are as wide as the terminal likes; blanks are not. */
function shown(text: string): string {
  return printable(text).replaceAll('\t', '    ');
}
