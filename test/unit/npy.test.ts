import { expect, it } from 'vitest';
import { encodeNpy } from '../../src/llava/npy.js';

it('writes what numpy.save writes for the same matrix', () => {
  const file = Buffer.from(encodeNpy(Float32Array.of(1, -2, 0.5, 4, 5, 6), [2, 3]));
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + ' '.repeat(58) + '\n';
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  expect(file.readUInt16LE(8)).toBe(118);
  expect(file.subarray(10, 128).toString('latin1')).toBe(header);
  expect([...new Float32Array(new Uint8Array(file.subarray(128)).buffer)]).toEqual([1, -2, 0.5, 4, 5, 6]);
});
