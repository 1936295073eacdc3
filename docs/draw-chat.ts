/* Draws docs/chat.png, a chat as a terminal shows it, from a real session: npx tsx docs/draw-chat.ts (after a build) */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IBufferCell } from '@xterm/headless';
import sharp from 'sharp';
import { ChatTerminal } from '../test/helpers/chat-terminal.js';

const COLUMNS = 84;
const CELL = { width: 10, height: 22 };
const MARGIN = 20;
const INK = '#f0f0f0';

const home = mkdtempSync(join(tmpdir(), 'llava-draw-chat-'));
try {
  using chat = new ChatTerminal(['examples/shapes.png'], {
    columns: COLUMNS,
    env: { COLORTERM: 'truecolor', XDG_DATA_HOME: home },
  });
  await chat.waitFor('demo · cpu');
  await chat.say('Describe the image.', /\.\n>/);
  await chat.say('Where is the star?', 'at the right of the image.');
  await chat.say('/format short', 'Format: short');
  await chat.say('What color is the triangle?', /Green\n/);
  chat.type('Is there a ');
  await chat.waitFor('Is there a');
  writeFileSync('docs/chat.png', await draw(await chat.cells()));
} finally {
  rmSync(home, { recursive: true });
}

async function draw(rows: readonly (readonly IBufferCell[])[]): Promise<Buffer> {
  const [width, height] = [COLUMNS * CELL.width + 2 * MARGIN, rows.length * CELL.height + 2 * MARGIN];
  const cells = rows.flatMap((row, y) => row.map((cell, x) => drawCell(cell, x, y)));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect width="${width}" height="${height}" rx="10" fill="#1b1f24"/>
<g transform="translate(${MARGIN} ${MARGIN})" font-family="DejaVu Sans Mono, Menlo, monospace" font-size="16">${cells.join('')}</g></svg>`;
  return await sharp(Buffer.from(svg)).png({ compressionLevel: 9, palette: true }).toBuffer();
}

function drawCell(cell: IBufferCell, column: number, row: number): string {
  const [x, y] = [column * CELL.width, row * CELL.height];
  const paper = cell.isBgRGB() ? box(x, y, CELL.height, colour(cell.getBgColor())) : '';
  const ink = cell.isFgRGB() ? colour(cell.getFgColor()) : INK;
  const text = cell.getChars();
  if (text === '▀') return paper + box(x, y, CELL.height / 2, ink);
  if (text.trim() === '') return paper;
  const style = `${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isDim() ? ' opacity="0.6"' : ''}`;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `${paper}<text x="${x}" y="${y + 17}" fill="${ink}"${style}>${escaped}</text>`;
}

/** A hair wider than its cell, so that no seam shows. */
function box(x: number, y: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${CELL.width + 0.5}" height="${height + 0.5}" fill="${fill}"/>`;
}

function colour(rgb: number): string {
  return `#${rgb.toString(16).padStart(6, '0')}`;
}
