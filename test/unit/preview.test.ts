import { Chalk } from 'chalk';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawPreview } from '../../src/terminal/preview/draw-preview.js';

/** 40 × 20: red above, blue below. */
const picture = {
  width: 40,
  height: 20,
  rgb: Uint8Array.from({ length: 40 * 20 * 3 }, (_, at) =>
    Math.floor(at / (40 * 3)) < 10 ? (at % 3 === 0 ? 255 : 0) : at % 3 === 2 ? 255 : 0,
  ),
};
const room = { columns: 10, rows: 4 };
const colours = new Chalk({ level: 3 });

describe('a preview', () => {
  it('is nothing when none is asked for', async () => {
    expect(await drawPreview(picture, 'none', room, colours)).toBe('');
  });

  it('of half-blocks fits the room, each cell two pixels', async () => {
    const rows = (await drawPreview(picture, 'blocks', room, colours)).split('\n');
    expect(rows).toHaveLength(4);
    // Scaling down rings a little where colours meet.
    expect(rows[0]).toMatch(/^(?:\u001b\[38;2;2[45]\d;0;\dm\u001b\[48;2;255;0;0m▀[^▀]*){10}$/);
    expect(rows[2]).toMatch(/^(?:\u001b\[38;2;\d;0;2[45]\dm[^▀]*▀[^▀]*){10}$/);
    expect(rows[3]).toBe('');
  });

  it('of half-blocks has no colours where there are none', async () => {
    const drawn = await drawPreview(picture, 'blocks', room, new Chalk({ level: 0 }));
    expect(drawn).toBe(`${'▀'.repeat(10)}\n`.repeat(3));
  });

  it('by kitty’s protocol is a PNG in pieces, for cells of the room, and asks for no reply', async () => {
    const noise = {
      width: 100,
      height: 100,
      rgb: Uint8Array.from({ length: 30_000 }, (_, at) => (at * 7919) % 251),
    };
    const drawn = await drawPreview(noise, 'kitty', { columns: 20, rows: 10 }, colours);
    const pieces = [...drawn.matchAll(/\u001b_G([^;]*);([^\u001b]*)\u001b\\/g)];
    expect(pieces.map(([whole]) => whole).join('')).toBe(drawn.trimEnd());
    expect(pieces[0]?.[1]).toBe('a=T,f=100,q=2,c=20,r=10,m=1');
    expect(pieces.at(-1)?.[1]).toBe('m=0');
    expect(pieces.every(([, , data = '']) => data.length <= 4096)).toBe(true);
    const png = Buffer.from(pieces.map(([, , data]) => data).join(''), 'base64');
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 200, height: 200 });
  });

  it('by iTerm2’s protocol is a PNG too', async () => {
    const drawn = await drawPreview(picture, 'iterm2', room, colours);
    const [, size, data = ''] = /^\u001b\]1337;File=inline=1;([^:]*):([^\u0007]*)\u0007\n$/.exec(drawn) ?? [];
    expect(size).toBe('width=10;height=3;preserveAspectRatio=1');
    expect(await sharp(Buffer.from(data, 'base64')).metadata()).toMatchObject({ format: 'png', width: 100 });
  });

  it('in sixels is one sequence of the room’s pixels', async () => {
    const drawn = await drawPreview(picture, 'sixel', room, colours);
    expect(drawn).toMatch(/^\u001bP[\d;]*q"1;1;80;40[^\u001b]*\u001b\\\n$/);
  });
});
