import { randomUUID } from 'node:crypto';

/** A long text that many bodies hold, encoded once. It needs no escapes in JSON: base64, or an address. */
export class SharedText {
  /** As JSON has it. */
  readonly bytes: Uint8Array;

  constructor(text: string) {
    this.bytes = Buffer.from(`"${text}"`, 'latin1');
  }
}

/** Stands where a shared text belongs; nobody who writes questions can know it. */
const MARK = randomUUID();

/** JSON in UTF-8, in pieces: shared texts as they are, without a copy. */
export function encodeJson(value: object): readonly Uint8Array[] {
  const shared: SharedText[] = [];
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (!(part instanceof SharedText)) return part;
    shared.push(part);
    return MARK;
  });
  const [first = '', ...rest] = json.split(JSON.stringify(MARK));
  const pieces: Uint8Array[] = [Buffer.from(first)];
  for (const [place, { bytes }] of shared.entries()) pieces.push(bytes, Buffer.from(rest[place] ?? ''));
  return pieces;
}
