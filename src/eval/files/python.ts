/**
 * Python's string methods where they differ from JavaScript's, so that scorers cut text as the authors' scripts do.
 * White space is that of `str.isspace()`: it has the separators U+001C to U+001F and U+0085, and no U+FEFF.
 */

const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const SPACE_CODES: ReadonlySet<number> = new Set(
  Array.from({ length: 0x3001 }, (_, code) => code).filter((code) => SPACES.test(String.fromCharCode(code))),
);

/** `text.split()`: the words between white space, none of them empty. */
export function splitWords(text: string): string[] {
  return strip(text)
    .split(SPACES)
    .filter((word) => word !== '');
}

/** `text.strip()` */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code <= 0x20
    ? code === 0x20 || (code >= 9 && code <= 13) || code >= 0x1c
    : code > 0x7f && SPACE_CODES.has(code);
}

/** `text.capitalize()`: the first letter large, all others small. */
export function capitalise(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

/**
 * JSON as Python's `json.dumps` writes it, byte for byte: a space behind commas and colons, ASCII only. Files that the
 * authors publish can so be compared with ours by `diff`. Fields that are undefined are left out.
 */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return ascii(JSON.stringify(value));
  const pairs = Object.entries(value).flatMap(([key, one]) =>
    one === undefined ? [] : [`${ascii(JSON.stringify(key))}: ${pythonJson(one)}`],
  );
  return `{${pairs.join(', ')}}`;
}

function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
