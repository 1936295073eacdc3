import { describe, expect, it } from 'vitest';
import { boxOnPaddedSquare, boxOnPicture, formatBox, parseBox } from '../../src/llava/box.js';

describe('boxes on the padded square', () => {
  it('moves a wide picture down and a tall one right by half the difference', () => {
    expect(boxOnPaddedSquare([0, 0, 640, 480], { width: 640, height: 480 })).toEqual([0, 0.125, 1, 0.875]);
    expect(boxOnPaddedSquare([0, 0, 480, 640], { width: 480, height: 640 })).toEqual([0.125, 0, 0.875, 1]);
  });

  it('comes back to the same pixels, clipped to the picture', () => {
    const picture = { width: 301, height: 200 };
    const box = [10, 20, 290, 180] as const;
    expect(boxOnPicture(boxOnPaddedSquare(box, picture), picture)).toEqual(box);
    expect(boxOnPicture([0, 0, 1, 1], picture)).toEqual([0, 0, 301, 200]);
  });

  it('is written as Python writes floats, two decimals at most', () => {
    expect(formatBox([0.213, 0.8, 0, 1])).toBe('[0.21, 0.8, 0.0, 1.0]');
  });

  it('is read from text with four ordered numbers only', () => {
    expect(parseBox('[0.21, 0.92, 0.36, 1.0]')).toEqual([0.21, 0.92, 0.36, 1]);
    expect(parseBox('0.2 0.9 0.1 1.0')).toBeUndefined();
    expect(parseBox('0.2, 0.9')).toBeUndefined();
    expect(parseBox('1 2 3 4 5')).toBeUndefined();
  });
});
