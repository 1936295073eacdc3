import { graphemeBefore, snapToGrapheme } from './graphemes.js';
import { findEntry, historyOf, remember, type History, type HistorySearch, walk } from './history.js';
import type { Key } from './keyboard.js';
import {
  cleanInput,
  EMPTY_LINE,
  insert,
  lineOf,
  replace,
  type Line,
  move,
  moveRow,
  remove,
  type Movement,
} from './line-editor.js';

/** Everything about the line being typed. */
export interface Input {
  readonly line: Line;
  readonly history: History;
  readonly search: HistorySearch | undefined;
  /** What Tab found, shown until the next key. */
  readonly candidates: readonly string[];
  /** What was cut last, for Ctrl-Y. */
  readonly cut: string;
  /** Ctrl-C came on an empty input line: the next one leaves. */
  readonly isLeaving: boolean;
}

/** What a key asks of the program. */
export type InputEffect =
  | { readonly type: 'submit'; readonly text: string }
  /** Only text that came in one piece into an empty input line: it may be a dropped picture. */
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'complete'; readonly text: string }
  | { readonly type: 'paste-picture' | 'stop' | 'leave' | 'redraw' | 'suspend' };

export interface InputStep {
  readonly input: Input;
  readonly effect?: InputEffect;
}

/** Completions of the text before the cursor: `candidates` may stand from `start` on. */
export interface Completion {
  readonly start: number;
  readonly candidates: readonly string[];
}

export function emptyInput(entries: readonly string[]): Input {
  const history = historyOf(entries);
  return { line: EMPTY_LINE, history, search: undefined, candidates: [], cut: '', isLeaving: false };
}

/**
 * What a key does to the input line, and what it asks for.
 * @param isAnswering an answer is being given, so that Ctrl-C stops it
 */
export function pressKey(before: Input, key: Key, isAnswering: boolean): InputStep {
  // What was typed is there again when the shell continues it.
  if (key.kind === 'key' && key.ctrl && key.name === 'z')
    return { input: before, effect: { type: 'suspend' } };
  const input: Input = { ...before, candidates: [], isLeaving: false };
  if (key.kind === 'key' && key.ctrl && key.name === 'c') return interrupt(before, input, isAnswering);
  if (input.search !== undefined) return searchKey(input, input.search, key, isAnswering);
  if (key.kind === 'text') return { input: { ...input, line: insert(input.line, key.text) } };
  if (key.kind === 'paste') return paste(input, key.text);
  return pressNamed(input, key.name, key.ctrl, key);
}

/** Takes the only completion, or what all have in common, and shows the others. */
export function complete(input: Input, text: string, { start, candidates }: Completion): Input {
  const { line } = input;
  // The user may have typed on while files were looked for.
  if (line.text.slice(0, line.cursor) !== text || candidates.length === 0) return input;
  const common = commonStart(candidates);
  const isLonger = common.length > line.cursor - start;
  return {
    ...input,
    line: isLonger ? replace(line, start, line.cursor, cleanInput(common)) : line,
    candidates: candidates.length > 1 ? candidates : [],
  };
}

/** The input once its line is submitted. */
function submitted(input: Input, text: string): InputStep {
  const history = remember(input.history, text);
  return { input: { ...input, line: EMPTY_LINE, history }, effect: { type: 'submit', text } };
}

function interrupt(before: Input, input: Input, isAnswering: boolean): InputStep {
  if (input.search !== undefined) return { input: { ...input, search: undefined } };
  if (isAnswering) return { input, effect: { type: 'stop' } };
  if (input.line.text !== '')
    return { input: { ...input, line: EMPTY_LINE, history: historyOf(input.history.entries) } };
  return before.isLeaving ? { input, effect: { type: 'leave' } } : { input: { ...input, isLeaving: true } };
}

function paste(input: Input, text: string): InputStep {
  if (input.line.text === '' && !/[\r\n]./.test(text)) return { input, effect: { type: 'pasted', text } };
  return { input: { ...input, line: insert(input.line, text) } };
}

function pressNamed(input: Input, name: string, ctrl: boolean, key: Key & { kind: 'key' }): InputStep {
  const { line } = input;
  const isEmpty = line.text === '';
  if (name === 'return') {
    if (line.text.endsWith('\\') && line.cursor === line.text.length)
      return { input: { ...input, line: replace(line, line.cursor - 1, line.cursor, '\n') } };
    return line.text.trim() === '' ? { input: { ...input, line: EMPTY_LINE } } : submitted(input, line.text);
  }
  if (name === 'tab') return { input, effect: { type: 'complete', text: line.text.slice(0, line.cursor) } };
  if (ctrl && name === 'd' && isEmpty) return { input, effect: { type: 'leave' } };
  if (ctrl && name === 'l') return { input, effect: { type: 'redraw' } };
  if (ctrl && name === 'v') return { input, effect: { type: 'paste-picture' } };
  if (ctrl && name === 'r') return { input: { ...input, search: { query: '', found: undefined } } };
  return { input: { ...input, ...editLine(input, key) } };
}

function searchKey(input: Input, search: HistorySearch, key: Key, isAnswering: boolean): InputStep {
  const { entries } = input.history;
  const look = (query: string, before: number): InputStep => {
    const found = query === '' ? undefined : findEntry(entries, query, before);
    return { input: { ...input, search: { query, found } } };
  };
  if (key.kind !== 'key') return look(search.query + key.text.replace(/\s+/g, ' '), entries.length);
  if (key.ctrl && key.name === 'r') {
    const older = findEntry(entries, search.query, search.found ?? 0);
    return { input: { ...input, search: { ...search, found: older ?? search.found } } };
  }
  if (key.name === 'backspace') return look(withoutLast(search.query), entries.length);
  if (key.ctrl && key.name === 'g') return { input: { ...input, search: undefined } };
  const entry = search.found === undefined ? undefined : entries[search.found];
  const taken: Input = {
    ...input,
    search: undefined,
    line: entry === undefined ? input.line : lineOf(entry),
  };
  // Any other key takes what was found and then does what it always does.
  return key.name === 'escape' ? { input: taken } : pressKey(taken, key, isAnswering);
}

function withoutLast(text: string): string {
  return text.slice(0, graphemeBefore(text, text.length));
}

function commonStart(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  let length = first.length;
  for (const text of others) while (!text.startsWith(first.slice(0, length))) length--;
  return first.slice(0, snapToGrapheme(first, length));
}

type NamedKey = Extract<Key, { kind: 'key' }>;

/** Keys that move, by `ctrl-`, `alt-` and name: those of readline. */
const MOVES: Readonly<Record<string, Movement>> = {
  left: 'left',
  right: 'right',
  home: 'line-start',
  end: 'line-end',
  'ctrl-b': 'left',
  'ctrl-f': 'right',
  'ctrl-a': 'line-start',
  'ctrl-e': 'line-end',
  'ctrl-left': 'word-left',
  'ctrl-right': 'word-right',
  'alt-left': 'word-left',
  'alt-right': 'word-right',
  'alt-b': 'word-left',
  'alt-f': 'word-right',
};

/** Keys that remove what the movement passes over. */
const REMOVALS: Readonly<Record<string, Movement>> = {
  backspace: 'left',
  delete: 'right',
  'ctrl-d': 'right',
  'ctrl-h': 'left',
  'ctrl-u': 'line-start',
  'ctrl-k': 'line-end',
  'ctrl-w': 'word-left',
  'alt-d': 'word-right',
  'alt-backspace': 'word-left',
  'alt-delete': 'word-right',
  'ctrl-backspace': 'word-left',
  'ctrl-delete': 'word-right',
};

/** Keys that go through rows and history. */
const WALKS: Readonly<Record<string, -1 | 1>> = { up: -1, down: 1, 'ctrl-p': -1, 'ctrl-n': 1 };

/** What an editing key changes in the input; nothing for a key that is none. */
export function editLine(input: Input, key: NamedKey): Partial<Input> {
  const { line } = input;
  const name = `${key.ctrl ? 'ctrl-' : ''}${key.alt ? 'alt-' : ''}${key.name}`;
  if (name === 'newline') return { line: insert(line, '\n') };
  if (name === 'ctrl-y') return { line: insert(line, input.cut) };
  const movement = MOVES[name];
  if (movement !== undefined) return { line: move(line, movement) };
  const removal = REMOVALS[name];
  if (removal !== undefined) {
    const removed = remove(line, removal);
    const isOneCharacter = removal === 'left' || removal === 'right';
    return isOneCharacter ? { line: removed.line } : removed;
  }
  const by = WALKS[name];
  return by === undefined ? {} : walkRows(input, by);
}

/** A row up or down, and at the edge an entry of the history. */
function walkRows({ line, history }: Input, by: -1 | 1): Partial<Input> {
  const row = moveRow(line, by);
  if (row !== undefined) return { line: row };
  const walked = walk(history, by, line.text);
  return walked === undefined ? {} : { line: lineOf(walked.text), history: walked.history };
}
