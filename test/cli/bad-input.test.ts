import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { hugePng } from '../helpers/huge-png.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeRandomPair } from '../reference/random-pair.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const directory = join(folder, 'pictures.png');
mkdirSync(directory);
const jpeg = await sharp(readFileSync(circle)).resize(600).jpeg().toBuffer();
const onePixel = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
  .png()
  .toBuffer();

const pictures: [name: string, path: string, says: RegExp][] = [
  ['a missing file', join(folder, 'none.png'), /none\.png/],
  ['a folder without pictures', directory, /folder.*pictures\.png.*no pictures/],
  ['an empty file', file('empty.jpg', ''), /empty\.jpg.*empty/],
  ['a text file named .jpg', file('text.jpg', 'hello, I am text\n'), /text\.jpg.*text/],
  ['a truncated JPEG', file('cut.jpg', jpeg.subarray(0, jpeg.length / 2)), /cut\.jpg/],
  ['a picture of one pixel', file('one.png', onePixel), /one\.png.*1×1/],
  ['a header of 30,000 × 30,000', file('huge.png', hugePng(readFileSync(circle))), /huge\.png.*30000×30000/],
  ['an empty path', '', /""/],
];

describe('a bad picture: one line, the next step, 2, nothing on stdout', () => {
  it.each(pictures)('%s', async (_, path, says) => {
    const start = performance.now();
    const run = await runLlava(['ask', 'What is it?', path]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n$/);
    expect(run.stderr).toMatch(says);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('empty stdin', async () => {
    const run = await runLlava(['ask', 'What is it?', '-'], { stdin: 'pipe', input: '' });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*empty.*\ntry: .*\n$/);
  });

  it('nothing readable among several', async () => {
    const run = await runLlava(['ask', 'What is it?', join(folder, 'a.png'), join(folder, 'b.png')]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(2);
  });
});

describe('a bad command line: 2, nothing on stdout', () => {
  it.each([
    ['no question', ['ask'], /missing required argument 'question'/],
    ['no picture', ['ask', 'What is it?'], /No picture was named/],
    ['an empty question', ['ask', '', circle], /question is empty/],
    ['an unknown format', ['ask', '-f', 'poem', 'x', circle], /'poem' is invalid.*free, short, letter/],
    ['an unknown option', ['ask', '--formt', 'short', 'x', circle], /unknown option.*\n?.*--format/],
    ['an unknown command', ['aks', 'x', circle], /unknown command.*\n?.*ask/],
    ['a temperature out of range', ['ask', '--temperature', '9', 'x', circle], /from 0 to 2/],
    ['no tokens', ['ask', '--max-tokens', '0', 'x', circle], /from 1 to/],
    ['half a pair', ['ask', '--gguf', 'a.gguf', 'x', circle], /--gguf "a\.gguf" needs --mmproj/],
    ['a name and a pair', ['ask', '-m', 'demo', '--gguf', 'a.gguf', 'x', circle], /cannot be used with/],
    ['an unknown model', ['ask', '-m', '99b', 'x', circle], /no model "99b"/],
    ['one choice', ['ask', '--choice', 'red', 'x', circle], /2 to 26 choices/],
    ['stdin twice', ['ask', 'x', '-', '-'], /can be given only once/],
  ])('%s', async (_, args, says) => {
    const run = await runLlava(args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(says);
    expect(run.stderr).not.toMatch(/ {4}at /);
  });
});

describe('bad weights: one line, the next step, 4, nothing on stdout', () => {
  const demo = {
    model: projectFile('models/demo/model.gguf'),
    mmproj: projectFile('models/demo/mmproj.gguf'),
  };
  const narrow = writeRandomPair(join(folder, 'narrow'), { textWidth: 64 });
  const next = writeRandomPair(join(folder, 'llava-1.6'), { llava16: true });
  const cut = (name: string, source: string, bytes: number) => {
    const path = file(name, readFileSync(source));
    truncateSync(path, bytes);
    return path;
  };
  const weights: [name: string, model: string, mmproj: string, says: RegExp][] = [
    ['a missing file', join(folder, 'none.gguf'), demo.mmproj, /none\.gguf/],
    ['files swapped', demo.mmproj, demo.model, /mmproj\.gguf/],
    ['widths that differ', narrow.model, demo.mmproj, /160.*64|64.*160/],
    ['a projector of LLaVA-1.6', next.model, next.mmproj, /1\.6/],
    ['a truncated model', cut('cut-model.gguf', demo.model, 100_000), demo.mmproj, /cut-model\.gguf/],
    ['a truncated header', cut('cut-header.gguf', demo.model, 100), demo.mmproj, /cut-header\.gguf/],
    ['a truncated mmproj', demo.model, cut('cut-mmproj.gguf', demo.mmproj, 900_000), /cut-mmproj\.gguf/],
    ['a text file', file('readme.gguf', 'hello'), demo.mmproj, /readme\.gguf/],
  ];
  it.each(weights)('%s', async (_, model, mmproj, says) => {
    const run = await runLlava(['ask', '--gguf', model, '--mmproj', mmproj, 'What is it?', circle]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n$/);
    expect(run.stderr).toMatch(says);
  });
});
