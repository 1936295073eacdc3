/** The part of a line that is searched: ids stand in front. */
const LOOK_AT = 4096;
const ID = /"(id|question_id|custom_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/;

/** The id of a line that cannot be parsed, by the name it has there, or nothing. A number keeps all its digits. */
export function rawId(line: string): Readonly<Record<string, unknown>> {
  const [, name, value] = ID.exec(line.slice(0, LOOK_AT)) ?? [];
  if (name === undefined || value === undefined) return {};
  return { [name]: readValue(value) };
}

function readValue(json: string): unknown {
  if (!json.startsWith('"')) return Number.isSafeInteger(Number(json)) ? Number(json) : json;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
