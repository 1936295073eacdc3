import { expect, test } from 'vitest';
import { quote } from '../../src/llava/quote.js';

test.each([
  ['street.jpg', '"street.jpg"'],
  ['C:\\pictures\\für.jpg', '"C:\\pictures\\für.jpg"'],
  ['a\nb\x1b[31m\u2028', '"a\\x0ab\\x1b[31m\\x2028"'],
  ['', '""'],
])('quote(%j) is on one line and cannot steer a terminal', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test('cuts long text in the middle', () => {
  expect(quote('abcdefghij', 5)).toBe('"ab…ij"');
  expect(quote('abcde', 5)).toBe('"abcde"');
});
