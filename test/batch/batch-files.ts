import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** Distinct pictures of a few pixels, `0.png` and so on, in a folder of their own. */
export async function writePictures(folder: string, count: number): Promise<string> {
  const pictures = join(folder, 'pictures');
  mkdirSync(pictures, { recursive: true });
  for (let i = 0; i < count; i++) {
    const background = { r: i & 255, g: (i >> 8) & 255, b: 90 };
    const image = sharp({ create: { width: 8, height: 6, channels: 3, background } });
    writeFileSync(join(pictures, `${i}.png`), await image.png().toBuffer());
  }
  return pictures;
}

/** Writes rows as JSONL; a string is written as it is. */
export function writeRows(path: string, rows: readonly (object | string)[]): string {
  writeFileSync(path, rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''));
  return path;
}

/** Reads JSONL in which every line must be whole. */
export function readRows(path: string): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} has a torn last line`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Rows of all three shapes over shuffled pictures, with duplicates, bad rows and missing pictures among them. */
export function mixedRows(count: number, pictures: number): (object | string)[] {
  return Array.from({ length: count }, (_, i) => {
    const image = `${(i * 7) % pictures}.png`;
    const text = `Question ${i % 40}?`;
    if (i % 23 === 5) return '{"id": "broken", ';
    if (i % 29 === 3) return { id: i, image: 'missing.png', question: text };
    if (i % 31 === 8) return { id: i, image, question: `fail: ${text}` };
    if (i % 3 === 0) return { question_id: i, image, text, category: 'x', extra: i };
    if (i % 3 === 1) return { id: i, image, question: text, format: 'short', note: 'n' };
    const url = `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="${(i % 9) + 2}" height="4"/>`;
    const content = [
      { type: 'text', text },
      { type: 'image_url', image_url: { url } },
    ];
    return { custom_id: `c${i}`, body: { messages: [{ role: 'user', content }], max_tokens: 20 } };
  });
}
