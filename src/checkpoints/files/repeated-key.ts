/** The keys of the outermost object of a text that is known to be JSON, in its order. */
export function keysOf(json: string): readonly string[] {
  const keys: string[] = [];
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      const end = endOfString(json, at);
      if (depth === 1 && isKey(json, end)) keys.push(JSON.parse(json.slice(at, end)) as string);
      at = end - 1;
    }
  }
  return keys;
}

/** The first key that the outermost object has twice; `JSON.parse` would take the last. */
export function findRepeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  return keysOf(json).find((key) => seen.size === seen.add(key).size);
}

/** Behind the closing quotation mark. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Whether a colon follows, and not the end of a value. */
function isKey(json: string, end: number): boolean {
  let at = end;
  while (/\s/.test(json[at] ?? '')) at++;
  return json[at] === ':';
}
