import { describe, expect, test } from 'vitest';
import { BadHeader, NeedMoreBytes } from '../../src/weights/gguf/gguf-cursor.js';
import { parseGguf } from '../../src/weights/gguf/parse-gguf.js';
import { entry, F32_ROW, gguf, NAME, tensor, text, u32, u64 } from '../helpers/gguf-bytes.js';
import { Seeded } from '../reference/seeded.js';

describe('parseGguf, on damaged headers', () => {
  const whole = gguf({
    entries: [
      NAME,
      entry('words', 9, u32(8), u64(3), text('a'), text('bc'), text('')),
      entry('long', 9, u32(8), u64(260), ...Array.from({ length: 260 }, () => text('x'))),
      entry('numbers', 9, u32(12), u64(2), u64(1), u64(2)),
      entry('general.alignment', 4, u32(32)),
    ],
    tensors: [F32_ROW, tensor('b', [32, 2], 2, 32)],
    dataBytes: 32 + 36,
  });
  const headerBytes = whole.length - 68;

  /** Parses, and fails on any way out but a result and the two errors that the reader expects. */
  function outcome(head: Uint8Array, fileBytes: number): 'parsed' | 'bad' | 'more' {
    try {
      const { metadata, tensors } = parseGguf(head, fileBytes);
      expect(metadata.size + tensors.size).toBeLessThan(100);
      return 'parsed';
    } catch (error) {
      if (error instanceof BadHeader) return 'bad';
      if (error instanceof NeedMoreBytes) return 'more';
      throw error;
    }
  }

  test('finds every place where a file can be cut off', () => {
    expect(outcome(whole, whole.length)).toBe('parsed');
    for (let length = 4; length < whole.length; length++) {
      expect([length, outcome(whole.subarray(0, length), length)]).toEqual([length, 'bad']);
    }
  });

  test('asks for more of a file that goes on, and only then', () => {
    for (let length = 4; length < whole.length; length++) {
      const result = outcome(whole.subarray(0, length), whole.length);
      if (length >= headerBytes) expect(result).toBe('parsed');
      else if (result !== 'more') expect(length).toBeGreaterThan(headerBytes - 32);
    }
  });

  test('survives thousands of random changes', () => {
    const random = new Seeded(7);
    const results = { parsed: 0, bad: 0, more: 0 };
    const start = performance.now();
    for (let round = 0; round < 5000; round++) {
      const bytes = Uint8Array.from(whole);
      for (let change = 0; change <= round % 4; change++) {
        const at = 4 + random.below(headerBytes - 4);
        bytes[at] = round % 2 === 0 ? bytes[at]! ^ (1 << random.below(8)) : random.below(256);
      }
      results[outcome(bytes, bytes.length)]++;
    }
    expect(results.more).toBe(0);
    expect(results.bad).toBeGreaterThan(1000);
    expect(results.parsed).toBeGreaterThan(100);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
