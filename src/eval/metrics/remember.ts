/** Most texts remembered at once, so that a file of any size fits the memory. */
const MOST = 100_000;

/** The same function, which works on each text once: people often give the same answer. */
export function remember(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST) known.clear();
    const result = work(text);
    known.set(text, result);
    return result;
  };
}
