import { describe, expect, it } from 'vitest';
import { TextStream } from '../../src/engine/local/sequences/text-stream.js';

/** Tokens here are byte strings; a decoder that knows UTF-8 and nothing else. */
function stream(): TextStream<number[]> {
  return new TextStream((tokens) => new TextDecoder().decode(Uint8Array.from(tokens.flat())));
}

function run(pieces: readonly (string | number[])[]): string[] {
  const text = stream();
  const shown = pieces.map((piece) => text.push(typeof piece === 'string' ? [...Buffer.from(piece)] : piece));
  return [...shown, text.end()].filter((piece) => piece !== '');
}

describe('TextStream', () => {
  it('drops white space at both ends and keeps it inside', () => {
    expect(run([' Red', ' and', ' blue', ' ', '\n'])).toEqual(['Red', ' and', ' blue']);
  });

  it('never shows half a character', () => {
    const [a, b, c, d] = [...Buffer.from('😀')] as [number, number, number, number];
    expect(run([[a], [b], [c], [d], '!'])).toEqual(['😀', '!']);
  });

  it('shows what is there when a character never comes whole', () => {
    expect(run([[0xf0]])).toEqual(['\ufffd']);
  });
});
