/** What stands at a place of a GGUF header. */
export type FieldKind = 'count' | 'type' | 'text' | 'number' | 'size' | 'format' | 'offset';

export interface HeaderField {
  readonly kind: FieldKind;
  /** First byte, from the file's start, and how many bytes it has. */
  readonly at: number;
  readonly bytes: number;
}

const BYTES_OF_TYPE = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;

/** Every field of a whole GGUF file's header, texts of its vocabulary included, and where its data begin. */
export function findHeaderFields(file: Buffer): { fields: readonly HeaderField[]; dataStart: number } {
  const fields: HeaderField[] = [];
  let at = 4;
  const take = (kind: FieldKind, bytes: number): number => {
    fields.push({ kind, at, bytes });
    at += bytes;
    return bytes === 4 ? file.readUInt32LE(at - 4) : bytes === 8 ? Number(file.readBigUInt64LE(at - 8)) : 0;
  };
  const takeText = (): void => {
    take('text', take('count', 8));
  };
  const takeValue = (type: number): void => {
    if (type === STRING) takeText();
    else take('number', BYTES_OF_TYPE[type] ?? 0);
  };
  take('number', 4);
  const tensors = take('count', 8);
  const entries = take('count', 8);
  for (let entry = 0; entry < entries; entry++) {
    takeText();
    const type = take('type', 4);
    if (type !== ARRAY) {
      takeValue(type);
      continue;
    }
    const elementType = take('type', 4);
    for (let left = take('count', 8); left > 0; left--) takeValue(elementType);
  }
  for (let tensor = 0; tensor < tensors; tensor++) {
    takeText();
    for (let left = take('count', 4); left > 0; left--) take('size', 8);
    take('format', 4);
    take('offset', 8);
  }
  return { fields: fields.filter(({ bytes }) => bytes > 0), dataStart: Math.ceil(at / 32) * 32 };
}
