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
