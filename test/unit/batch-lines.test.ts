import { describe, expect, it } from 'vitest';
import { readLines, type InputLine } from '../../src/batch/rows/read-lines.js';

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

async function lines(content: string | Buffer, size = 3, maxBytes?: number): Promise<InputLine[]> {
  const all: InputLine[] = [];
  for await (const line of readLines(chunks(Buffer.from(content as string), size), maxBytes)) all.push(line);
  return all;
}

const seen = (found: InputLine[]) =>
  found.map(({ number, text }) => [number, typeof text === 'string' ? text.trim() : text.code]);

describe('readLines', () => {
  it.each([1, 2, 3, 5, 1000])('cuts lines out of pieces of %i bytes', async (size) => {
    const content = '\ufeff{"é": 1}\r\n\n   \n{"b": "€😀"}\nlast';
    expect(seen(await lines(content, size))).toEqual([
      [1, '{"é": 1}'],
      [4, '{"b": "€😀"}'],
      [5, 'last'],
    ]);
  });

  it('finds nothing in nothing', async () => {
    expect(await lines('')).toEqual([]);
    expect(await lines('\n\r\n')).toEqual([]);
  });

  it('tells bytes that are not UTF-8, and goes on', async () => {
    const content = Buffer.concat([
      Buffer.from('a\n'),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from('b\n'),
    ]);
    expect(seen(await lines(content))).toEqual([
      [1, 'a'],
      [2, 'bad_encoding'],
      [3, 'b'],
    ]);
  });

  it('passes over a line that is too long without holding it', async () => {
    const content = `short\n${'x'.repeat(100)}\nlast ${'y'.repeat(5)}\n${'z'.repeat(11)}`;
    expect(seen(await lines(content, 7, 10))).toEqual([
      [1, 'short'],
      [2, 'line_too_long'],
      [3, 'last yyyyy'],
      [4, 'line_too_long'],
    ]);
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 500; i++) yield await Promise.resolve(Buffer.alloc(1 << 20, 'x'));
    }
    const before = process.memoryUsage().arrayBuffers;
    const { value: line } = await readLines(endless()).next();
    expect(line).toMatchObject({ number: 1, bytes: 500 * 2 ** 20, text: { code: 'line_too_long' } });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200e6);
  });
});
