export const u8 = (value: number) => Buffer.from([value]);
export const u32 = (value: number) => Buffer.from(new Uint8Array(new Uint32Array([value]).buffer));
export const u64 = (value: number | bigint) =>
  Buffer.from(new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));
export const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
export const entry = (key: string, type: number, ...value: Buffer[]) =>
  Buffer.concat([text(key), u32(type), ...value]);
export const tensor = (name: string, shape: (number | bigint)[], type: number, offset: number) =>
  Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);

/** What a file is made of; every part has a default, and counts may lie. */
export interface Parts {
  magic?: string;
  version?: number;
  entries?: Buffer[];
  entryCount?: number | bigint;
  tensors?: Buffer[];
  tensorCount?: number | bigint;
  dataBytes?: number;
  alignment?: number;
}

/** One metadata entry and one tensor of three floats: the file's own when nothing is given. */
export const NAME = entry('general.name', 8, text('tiny'));
export const F32_ROW = tensor('a', [3], 0, 0);

/** The bytes of a GGUF file, right or wrong. */
export function gguf(parts: Parts = {}): Buffer {
  const { entries = [NAME], tensors = [F32_ROW], dataBytes = 64, alignment = 32 } = parts;
  const head = Buffer.concat([
    Buffer.from(parts.magic ?? 'GGUF'),
    u32(parts.version ?? 3),
    u64(parts.tensorCount ?? tensors.length),
    u64(parts.entryCount ?? entries.length),
    ...entries,
    ...tensors,
  ]);
  return Buffer.concat([
    head,
    Buffer.alloc((alignment - (head.length % alignment)) % alignment),
    Buffer.alloc(dataBytes),
  ]);
}
