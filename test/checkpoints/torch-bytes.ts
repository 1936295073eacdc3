/** A number in the bytes that pickles and zip archives have. */
export function little(value: number | bigint, bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return buffer.subarray(0, bytes);
}

export type PickleCode = number | string | Uint8Array;

/** Operations and their arguments as bytes; texts are as they stand, without a length. */
export function pickleBytes(...codes: readonly PickleCode[]): Buffer {
  return Buffer.concat(
    codes.map((code) => (typeof code === 'number' ? Buffer.from([code]) : Buffer.from(code))),
  );
}

/** BINUNICODE. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return pickleBytes('X', little(bytes.length, 4), bytes);
}

/** BININT. */
export function whole(value: number): Buffer {
  return pickleBytes('J', little(value, 4));
}

export function global(module: string, name: string): Buffer {
  return pickleBytes('c', module, '\n', name, '\n');
}

export interface TensorClaim {
  readonly type?: string;
  readonly key?: string;
  readonly count?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** A tensor as torch.save writes it, with what it claims of itself. */
export function tensor(claim: TensorClaim = {}): Buffer {
  const { type = 'FloatStorage', key = '0', count = 6, offset = 0, shape = [2, 3], strides = [3, 1] } = claim;
  const tuple = (items: readonly number[]) => pickleBytes('(', ...items.map(whole), 't');
  return pickleBytes(
    global('torch._utils', '_rebuild_tensor_v2'),
    '((',
    text('storage'),
    global('torch', type),
    text(key),
    text('cpu'),
    whole(count),
    'tQ',
    whole(offset),
    tuple(shape),
    tuple(strides),
    0x89,
    global('collections', 'OrderedDict'),
    ')RtR',
  );
}

/** `{'weight': …}`, in protocol 2. */
export function stateDict(...entries: readonly PickleCode[]): Buffer {
  return pickleBytes(0x80, 2, '}(', ...entries, 'u.');
}

/** A stored zip archive of these entries, as torch lays it out. */
export function zipBytes(entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let place = 0;
  for (const [name, bytes] of entries) {
    const fields = Buffer.concat([Buffer.alloc(14), little(bytes.length, 4), little(bytes.length, 4)]);
    const nameBytes = Buffer.from(name);
    const padding = (64 - ((place + 30 + nameBytes.length + 4) % 64)) % 64;
    const extra = Buffer.concat([Buffer.from('FB'), little(padding, 2), Buffer.alloc(padding, 'Z')]);
    const lengths = Buffer.concat([little(nameBytes.length, 2), little(extra.length, 2)]);
    files.push(Buffer.from('PK\x03\x04'), fields, lengths, nameBytes, extra, Buffer.from(bytes));
    directory.push(Buffer.from('PK\x01\x02'), little(0, 2), fields, little(nameBytes.length, 2));
    directory.push(Buffer.alloc(12), little(place, 4), nameBytes);
    place += 30 + nameBytes.length + extra.length + bytes.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.concat([
    Buffer.from('PK\x05\x06'),
    Buffer.alloc(4),
    little(entries.length, 2),
    little(entries.length, 2),
    little(listed.length, 4),
    little(place, 4),
    little(0, 2),
  ]);
  return Buffer.concat([...files, listed, end]);
}

/** A file of torch.save with that pickle and one storage of six float32. */
export function torchBytes(pickle: Uint8Array): Buffer {
  return zipBytes([
    ['archive/data.pkl', pickle],
    ['archive/byteorder', Buffer.from('little')],
    ['archive/data/0', Buffer.from(Float32Array.from([0, 1, 2, 3, 4, 5]).buffer)],
    ['archive/version', Buffer.from('3\n')],
  ]);
}

/** Where the parts of a zip64 archive lie, so that it can be written with holes. */
export interface ArchivePart {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A zip64 archive of entries of any size: only the `bytes` that are given are parts of it, the rest are holes. */
export function zip64Parts(
  entries: readonly { readonly name: string; readonly size: number; readonly bytes?: Uint8Array }[],
): readonly ArchivePart[] {
  const parts: ArchivePart[] = [];
  const directory: Buffer[] = [];
  let place = 0;
  for (const { name, size, bytes } of entries) {
    const nameBytes = Buffer.from(name);
    const fields = Buffer.concat([Buffer.alloc(14), little(0xffffffff, 4), little(0xffffffff, 4)]);
    const local = Buffer.concat([little(1, 2), little(16, 2), little(size, 8), little(size, 8)]);
    const header = [Buffer.from('PK\x03\x04'), fields, little(nameBytes.length, 2), little(local.length, 2)];
    parts.push({ at: place, bytes: Buffer.concat([...header, nameBytes, local]) });
    const wide = Buffer.concat([
      little(1, 2),
      little(24, 2),
      little(size, 8),
      little(size, 8),
      little(place, 8),
    ]);
    directory.push(Buffer.from('PK\x01\x02'), little(0, 2), fields, little(nameBytes.length, 2));
    directory.push(
      little(wide.length, 2),
      Buffer.alloc(8),
      little(0, 2),
      little(0xffffffff, 4),
      nameBytes,
      wide,
    );
    place += 30 + nameBytes.length + local.length;
    if (bytes !== undefined) parts.push({ at: place, bytes });
    place += size;
  }
  const listed = Buffer.concat(directory);
  const counts = Buffer.concat([little(entries.length, 8), little(entries.length, 8)]);
  const record = [
    Buffer.from('PK\x06\x06'),
    little(44, 8),
    Buffer.alloc(12),
    counts,
    little(listed.length, 8),
    little(place, 8),
  ];
  const locator = [Buffer.from('PK\x06\x07'), little(0, 4), little(place + listed.length, 8), little(1, 4)];
  const end = [Buffer.from('PK\x05\x06'), Buffer.alloc(4), Buffer.alloc(12, 0xff), little(0, 2)];
  parts.push({ at: place, bytes: Buffer.concat([listed, ...record, ...locator, ...end]) });
  return parts;
}
