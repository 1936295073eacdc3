/* Draws docs/at-work.png, the README's picture, from a real session: npx tsx docs/draw-at-work.ts (after a build) */
import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import sharp from 'sharp';

const COMMANDS: readonly (readonly string[])[] = [
  ['ask', 'Describe the image.', 'examples/shapes.png'],
  ['ask', 'Where is the star?', 'examples/shapes.png'],
  [
    'ask',
    '--format',
    'short',
    'How many objects are in the image?',
    'examples/shapes.png',
    'examples/night.png',
  ],
  ['ask', 'What color is the star?', 'examples/shapes.png', '--choice', 'red', '--choice', 'blue'],
  ['ask', '--format', 'box', 'the green triangle', 'examples/shapes.png'],
  ['ask', 'What color is the circle?', 'holiday.jpg'],
];

const WIDTH = 1180;
const LINE = 24;
const LEFT = 24;
const PICTURE = { path: 'examples/shapes.png', width: 300, height: 200 };

interface Line {
  readonly text: string;
  readonly fill: string;
}

const lines: Line[] = [];
for (const args of COMMANDS) {
  lines.push({ text: `$ llava ${args.map(quoted).join(' ')}`, fill: '#9ecbff' });
  const { stdout, stderr } = await execa(process.execPath, ['bin/llava.js', ...args], {
    reject: false,
    env: { LLAVA_MODEL: 'demo' },
  });
  for (const text of wrapped(stdout)) lines.push({ text, fill: '#f0f0f0' });
  for (const text of wrapped(stderr)) lines.push({ text, fill: '#ff9d8a' });
  lines.push({ text: '', fill: '#000' });
}

const height = LINE * lines.length + 2 * LEFT;
const rows = lines.map(
  ({ text, fill }, row) =>
    `<text x="${LEFT}" y="${LEFT + LINE * row + 16}" fill="${fill}" xml:space="preserve">${escaped(text)}</text>`,
);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}">
<rect width="${WIDTH}" height="${height}" rx="10" fill="#1b1f24"/>
<g font-family="DejaVu Sans Mono, Menlo, monospace" font-size="16">${rows.join('\n')}</g></svg>`;
const picture = await sharp(PICTURE.path).resize(PICTURE.width, PICTURE.height).png().toBuffer();
const drawn = await sharp(Buffer.from(svg))
  .composite([{ input: picture, left: WIDTH - PICTURE.width - LEFT, top: height - PICTURE.height - LEFT }])
  .png({ compressionLevel: 9, palette: true })
  .toBuffer();
writeFileSync('docs/at-work.png', drawn);

/** Lines as a terminal of 112 columns shows them. */
function wrapped(text: string): string[] {
  return text.match(/.{1,112}/g) ?? [];
}

function quoted(word: string): string {
  return /[ ?]/.test(word) ? `"${word}"` : word;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\t', '    ');
}
