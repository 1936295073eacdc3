/** Lines said before, oldest first, and where in them the user is. */
export interface History {
  readonly entries: readonly string[];
  /** Index of the entry that is shown; `entries.length` is the line being typed. */
  readonly at: number;
  /** The line being typed, while an entry is shown. */
  readonly draft: string;
}

/** A search for entries that hold a text, newest first (Ctrl-R). */
export interface HistorySearch {
  readonly query: string;
  /** Index of the entry found. */
  readonly found: number | undefined;
}

/** Entries that are kept; older ones go. */
export const LONGEST_HISTORY = 1000;

export function historyOf(entries: readonly string[]): History {
  const kept = entries.slice(-LONGEST_HISTORY);
  return { entries: kept, at: kept.length, draft: '' };
}

/** The history with one line more; a line said twice in a row is kept once. */
export function remember(history: History, line: string): History {
  return historyOf(appendEntry(history.entries, line));
}

/** Entries with one line more, as a file of them keeps it. */
export function appendEntry(entries: readonly string[], line: string): readonly string[] {
  if (line.trim() === '' || entries.at(-1) === line) return entries;
  return [...entries, line].slice(-LONGEST_HISTORY);
}

/**
 * One entry older (-1) or newer (1), and the text to show; undefined at the ends.
 * @param current what stands in the input line, kept as the draft when it is left
 */
export function walk(
  history: History,
  by: -1 | 1,
  current: string,
): { readonly history: History; readonly text: string } | undefined {
  const { entries, at } = history;
  const next = at + by;
  if (next < 0 || next > entries.length) return undefined;
  const draft = at === entries.length ? current : history.draft;
  return { history: { entries, at: next, draft }, text: entries[next] ?? draft };
}

/** The newest entry before `before` that holds `query`, whatever its case. */
export function findEntry(entries: readonly string[], query: string, before: number): number | undefined {
  const wanted = query.toLowerCase();
  const found = entries.slice(0, before).findLastIndex((entry) => entry.toLowerCase().includes(wanted));
  return found === -1 ? undefined : found;
}
