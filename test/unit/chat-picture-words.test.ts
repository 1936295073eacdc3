import { describe, expect, it } from 'vitest';
import { readPictureLine } from '../../src/chat/picture-words.js';

describe('what stands behind /image', () => {
  it.each([
    ['a.png', { words: ['a.png'], text: 'a.png', options: {} }],
    ['my cat.png', { words: ['my', 'cat.png'], text: 'my cat.png', options: {} }],
    ['"my cat.png" b.png', { words: ['"my cat.png"', 'b.png'], text: '"my cat.png" b.png', options: {} }],
    ['my\\ cat.png b', { words: ['my\\ cat.png', 'b'], text: 'my\\ cat.png b', options: {} }],
    ["it's.png", { words: ["it's.png"], text: "it's.png", options: {} }],
    [
      'photos/ --recursive more/',
      { words: ['photos/', 'more/'], text: 'photos/ more/', options: { recursive: true } },
    ],
    [
      'a.pdf --page 2-4 --tile',
      { words: ['a.pdf'], text: 'a.pdf', options: { parts: { unit: 'page', from: 2, to: 4 }, tile: true } },
    ],
    [
      'a.gif --frame=last',
      { words: ['a.gif'], text: 'a.gif', options: { parts: { unit: 'frame', at: 'last' } } },
    ],
    [
      '--files-from "my list.txt" -0 --clipboard',
      { words: [], text: '', options: { filesFrom: 'my list.txt', null: true, clipboard: true } },
    ],
    ['-- --tile', { words: ['--tile'], text: '--tile', options: {} }],
  ])('%s', (line, read) => {
    expect(readPictureLine(line, false)).toEqual(read);
  });

  it('keeps Windows’ backslashes', () => {
    expect(readPictureLine('C:\\my\\a.png "C:\\b c\\d.png" --tile', true)).toEqual({
      words: ['C:\\my\\a.png', '"C:\\b c\\d.png"'],
      text: 'C:\\my\\a.png "C:\\b c\\d.png"',
      options: { tile: true },
    });
  });

  it.each([
    ['a.png --tiles', '"--tiles" is no option of /image.'],
    ['a.png --page', '"--page" has no value.'],
    ['a.png --page=', '"--page" has no value.'],
    ['a.png --page 0', '"0" is no page.'],
  ])('%s is refused', (line, message) => {
    expect(() => readPictureLine(line)).toThrow(message);
  });
});
