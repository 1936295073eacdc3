import { walk } from './history.js';
import { insert, lineOf, move, moveRow, remove, type Movement } from './line-editor.js';
import type { Key } from './keys.js';
import type { Prompt } from './input.js';

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
