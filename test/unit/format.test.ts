import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration } from '../../src/llava/format.js';
import { describeTransfer, TransferRate } from '../../src/terminal/show-transfer.js';
import { formatTable } from '../../src/terminal/table.js';

it.each([
  [0, '0 byte'],
  [999, '999 byte'],
  [7_600_000, '7.6 MB'],
  [624_434_368, '624 MB'],
  [4_081_004_224, '4.1 GB'],
  [1.23e12, '1.2 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0.4, '0 s'],
  [59.6, '1 min 0 s'],
  [200, '3 min 20 s'],
  [7500, '2 h 5 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

describe('a transfer', () => {
  it('has no rate before a second is seen', () => {
    const rate = new TransferRate();
    rate.add(0, 0);
    rate.add(999, 5e6);
    expect(rate.bytesPerSecond).toBeUndefined();
    expect(rate.secondsLeft(1e9)).toBeUndefined();
  });

  it('is judged by its last seconds', () => {
    const rate = new TransferRate();
    for (let second = 0; second <= 60; second++)
      rate.add(second * 1000, second < 50 ? 0 : (second - 50) * 2e6);
    expect(rate.bytesPerSecond).toBe(2e6);
    expect(rate.secondsLeft(30e6)).toBe(5);
  });

  it('is told in one line, without control characters', () => {
    const rate = new TransferRate();
    rate.add(0, 0);
    rate.add(2000, 50e6);
    expect(
      describeTransfer({ file: 'a\u001b[2J.gguf', phase: 'downloading', done: 50e6, total: 150e6 }, rate),
    ).toBe('downloading a[2J.gguf: 33 %, 50 MB of 150 MB, 25 MB/s, 4 s left');
  });
});

it('sets a table in columns', () => {
  expect(
    formatTable([
      ['NAME', 'SIZE'],
      ['a', '1'],
      ['long name', ''],
    ]),
  ).toBe('NAME       SIZE\na          1\nlong name\n');
});
