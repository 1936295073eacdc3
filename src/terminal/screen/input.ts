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
export interface Prompt {
  readonly line: Line;
  readonly history: History;
  readonly search: HistorySearch | undefined;
  /** What Tab found, shown until the next key. */
  readonly candidates: readonly string[];
  /** What was cut last, for Ctrl-Y. */
  readonly cut: string;
  /** Ctrl-C came at an empty prompt: the next one leaves. */
  readonly isLeaving: boolean;
}

/** What a key asks of the program. */
export type PromptEffect =
  | { readonly type: 'submit'; readonly text: string }
  /** Only text that came in one piece into an empty prompt: it may be a dropped picture. */
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'complete'; readonly text: string }
  | { readonly type: 'paste-picture' | 'stop' | 'leave' | 'redraw' };

export interface PromptStep {
  readonly prompt: Prompt;
  readonly effect?: PromptEffect;
}

/** Completions of the text before the cursor: `candidates` may stand from `start` on. */
export interface Completion {
  readonly start: number;
  readonly candidates: readonly string[];
}

export function emptyPrompt(entries: readonly string[]): Prompt {
  const history = historyOf(entries);
  return { line: EMPTY_LINE, history, search: undefined, candidates: [], cut: '', isLeaving: false };
}

/**
 * What a key does to the prompt, and what it asks for.
 * @param isAnswering an answer is being given, so that Ctrl-C stops it
 */
export function pressKey(before: Prompt, key: Key, isAnswering: boolean): PromptStep {
  const prompt: Prompt = { ...before, candidates: [], isLeaving: false };
  if (key.kind === 'key' && key.ctrl && key.name === 'c') return interrupt(before, prompt, isAnswering);
  if (prompt.search !== undefined) return searchKey(prompt, prompt.search, key, isAnswering);
  if (key.kind === 'text') return { prompt: { ...prompt, line: insert(prompt.line, key.text) } };
  if (key.kind === 'paste') return paste(prompt, key.text);
  return pressNamed(prompt, key.name, key.ctrl, key);
}

/** Takes the only completion, or what all have in common, and shows the others. */
export function complete(prompt: Prompt, text: string, { start, candidates }: Completion): Prompt {
  const { line } = prompt;
  // The user may have typed on while files were looked for.
  if (line.text.slice(0, line.cursor) !== text || candidates.length === 0) return prompt;
  const common = commonStart(candidates);
  const isLonger = common.length > line.cursor - start;
  return {
    ...prompt,
    line: isLonger ? replace(line, start, line.cursor, cleanInput(common)) : line,
    candidates: candidates.length > 1 ? candidates : [],
  };
}

/** The prompt after a line was taken from it. */
function submitted(prompt: Prompt, text: string): PromptStep {
  const history = remember(prompt.history, text);
  return { prompt: { ...prompt, line: EMPTY_LINE, history }, effect: { type: 'submit', text } };
}

function interrupt(before: Prompt, prompt: Prompt, isAnswering: boolean): PromptStep {
  if (prompt.search !== undefined) return { prompt: { ...prompt, search: undefined } };
  if (isAnswering) return { prompt, effect: { type: 'stop' } };
  if (prompt.line.text !== '')
    return { prompt: { ...prompt, line: EMPTY_LINE, history: historyOf(prompt.history.entries) } };
  return before.isLeaving
    ? { prompt, effect: { type: 'leave' } }
    : { prompt: { ...prompt, isLeaving: true } };
}

function paste(prompt: Prompt, text: string): PromptStep {
  if (prompt.line.text === '' && !/[\r\n]./.test(text)) return { prompt, effect: { type: 'pasted', text } };
  return { prompt: { ...prompt, line: insert(prompt.line, text) } };
}

function pressNamed(prompt: Prompt, name: string, ctrl: boolean, key: Key & { kind: 'key' }): PromptStep {
  const { line } = prompt;
  const isEmpty = line.text === '';
  if (name === 'return') {
    if (line.text.endsWith('\\') && line.cursor === line.text.length)
      return { prompt: { ...prompt, line: replace(line, line.cursor - 1, line.cursor, '\n') } };
    return line.text.trim() === ''
      ? { prompt: { ...prompt, line: EMPTY_LINE } }
      : submitted(prompt, line.text);
  }
  if (name === 'tab') return { prompt, effect: { type: 'complete', text: line.text.slice(0, line.cursor) } };
  if (ctrl && name === 'd' && isEmpty) return { prompt, effect: { type: 'leave' } };
  if (ctrl && name === 'l') return { prompt, effect: { type: 'redraw' } };
  if (ctrl && name === 'v') return { prompt, effect: { type: 'paste-picture' } };
  if (ctrl && name === 'r') return { prompt: { ...prompt, search: { query: '', found: undefined } } };
  return { prompt: { ...prompt, ...editLine(prompt, key) } };
}

function searchKey(prompt: Prompt, search: HistorySearch, key: Key, isAnswering: boolean): PromptStep {
  const { entries } = prompt.history;
  const look = (query: string, before: number): PromptStep => {
    const found = query === '' ? undefined : findEntry(entries, query, before);
    return { prompt: { ...prompt, search: { query, found } } };
  };
  if (key.kind !== 'key') return look(search.query + key.text.replace(/\s+/g, ' '), entries.length);
  if (key.ctrl && key.name === 'r') {
    const older = findEntry(entries, search.query, search.found ?? 0);
    return { prompt: { ...prompt, search: { ...search, found: older ?? search.found } } };
  }
  if (key.name === 'backspace') return look(withoutLast(search.query), entries.length);
  if (key.ctrl && key.name === 'g') return { prompt: { ...prompt, search: undefined } };
  const entry = search.found === undefined ? undefined : entries[search.found];
  const taken: Prompt = {
    ...prompt,
    search: undefined,
    line: entry === undefined ? prompt.line : lineOf(entry),
  };
  // Any other key takes what was found and then does what it always does.
  return key.name === 'escape' ? { prompt: taken } : pressKey(taken, key, isAnswering);
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

/** What an editing key changes of the prompt; nothing for a key that is none. */
export function editLine(prompt: Prompt, key: NamedKey): Partial<Prompt> {
  const { line } = prompt;
  const name = `${key.ctrl ? 'ctrl-' : ''}${key.alt ? 'alt-' : ''}${key.name}`;
  if (name === 'newline') return { line: insert(line, '\n') };
  if (name === 'ctrl-y') return { line: insert(line, prompt.cut) };
  const movement = MOVES[name];
  if (movement !== undefined) return { line: move(line, movement) };
  const removal = REMOVALS[name];
  if (removal !== undefined) {
    const removed = remove(line, removal);
    const isOneCharacter = removal === 'left' || removal === 'right';
    return isOneCharacter ? { line: removed.line } : removed;
  }
  const by = WALKS[name];
  return by === undefined ? {} : walkRows(prompt, by);
}

/** A row up or down, and at the edge an entry of the history. */
function walkRows({ line, history }: Prompt, by: -1 | 1): Partial<Prompt> {
  const row = moveRow(line, by);
  if (row !== undefined) return { line: row };
  const walked = walk(history, by, line.text);
  return walked === undefined ? {} : { line: lineOf(walked.text), history: walked.history };
}
