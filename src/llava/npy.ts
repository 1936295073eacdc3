/**
 * A float32 matrix as a NumPy `.npy` file (format 1.0, C order).
 * Source: numpy/lib/format.py; the header ends on a multiple of 64 bytes.
 */
export function encodeNpy(values: Float32Array, shape: readonly [rows: number, columns: number]): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const preamble = 10;
  const padding = (64 - ((preamble + fields.length + 1) % 64)) % 64;
  const header = Buffer.from(`${fields}${' '.repeat(padding)}\n`, 'latin1');
  const file = Buffer.alloc(preamble + header.length + values.length * 4);
  file.write('\x93NUMPY\x01\x00', 0, 'latin1');
  file.writeUInt16LE(header.length, 8);
  header.copy(file, preamble);
  values.forEach((value, index) => file.writeFloatLE(value, preamble + header.length + index * 4));
  return file;
}
