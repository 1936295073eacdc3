import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const pages = join(folder, 'pages.gif');
const frames = await Promise.all([circle, square].map((path) => sharp(path).removeAlpha().toBuffer()));
await sharp(frames, { join: { animated: true } })
  .gif({ delay: 100 })
  .toFile(pages);

const QUESTION = 'Is there a red circle in the image?';
const short = ['ask', '-f', 'short', QUESTION];
const fixture = (file: string) => projectFile(`test/fixtures/formats/${file}`);

describe('frames and pages', () => {
  it('are asked about one by one, and named', async () => {
    const run = await runLlava([...short, pages, '--frame', 'all']);
    expect(run).toEqual({ exitCode: 0, stdout: `${pages}#1\tYes\n${pages}#2\tNo\n`, stderr: '' });
  });

  it('are told in JSON, by number', async () => {
    const { stdout } = await runLlava([...short, pages, '--frame', 'last', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ picture: `${pages}#2`, frame: 2, answer: 'No' });
  });

  it('that are not there are errors with the next step', async () => {
    const [far, other, none] = await Promise.all([
      runLlava([...short, fixture('cairo.pdf'), '--page', '9']),
      runLlava([...short, fixture('cairo.pdf'), '--frame', '2']),
      runLlava([...short, pages, '--frame', 'soon']),
    ]);
    expect(far.stderr).toMatch(/^error: .*has no page 9: it has 2 pages\ntry: --page 1-2, or --page all\n$/);
    expect(other.stderr).toMatch(/^error: .*has no frame 2: it has only one frame\ntry: --page .*\n$/);
    expect(none.stderr).toMatch(/^error: "soon" is no frame\.\ntry: .*\n$/);
    expect([far.exitCode, other.exitCode, none.exitCode]).toEqual([2, 2, 2]);
  });

  it('are fields of rows, and part of what a picture is', async () => {
    const row = (more: object) =>
      `${JSON.stringify({ image: pages, question: QUESTION, format: 'short', ...more })}\n`;
    const input = [{}, { frame: 2 }, { frame: 'first' }, { frame: 3 }, { page: 'soon' }].map(row).join('');
    const { stdout, exitCode } = await runLlava(['batch'], { stdin: 'pipe', input });
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ answer }) => answer)).toEqual(['Yes', 'No', 'Yes', undefined, undefined]);
    expect(rows.map(({ frame }) => frame)).toEqual([undefined, 2, 1, 3, undefined]);
    expect(rows.map(({ error }) => (error as { code: string } | undefined)?.code)).toEqual([
      ...[undefined, undefined, undefined],
      ...['bad_picture', 'bad_row'],
    ]);
    expect(exitCode).toBe(3);
  });

  it('are chosen in the chat with the same words', async () => {
    const input = `/format short\n/image ${pages} --frame 2\n${QUESTION}\n/image 1 --frame first\n${QUESTION}\n`;
    const run = await runLlava(['chat', '--plain'], { stdin: 'pipe', input });
    expect(run.stdout).toBe('No\nYes\n');
  });
});

describe('damaged pictures', () => {
  it('are errors, and with --repair what can be decoded, said on stderr and in JSON', async () => {
    const whole = await sharp(circle).removeAlpha().jpeg().toBuffer();
    const cut = join(folder, 'cut.jpg');
    writeFileSync(cut, whole.subarray(0, Math.ceil(whole.length * 0.85)));
    const [refused, repaired] = await Promise.all([
      runLlava([...short, cut]),
      runLlava([...short, cut, '--repair', '--json']),
    ]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/^error: .*cannot be decoded: .*\ntry: .*\n$/);
    expect(JSON.parse(repaired.stdout)).toMatchObject({ repaired: true });
    expect(repaired.stderr).toBe(
      `warning: Picture "${cut}" is damaged: the answer is about what could be decoded of it.\n`,
    );
    const row = `${JSON.stringify({ image: cut, question: QUESTION })}\n`;
    const batch = await runLlava(['batch', '--repair'], { stdin: 'pipe', input: row });
    expect(JSON.parse(batch.stdout)).toMatchObject({ repaired: true, width: 300 });
  });

  it('with nothing left are errors with --repair too', async () => {
    const bytes = readFileSync(projectFile('test/fixtures/pictures/420.jpg'));
    const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
    const empty = join(folder, 'empty.jpg');
    writeFileSync(empty, bytes.subarray(0, scan + 14));
    const run = await runLlava([...short, empty, '--repair']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('nothing of it is left');
  });
});

it('HEIC, PDF and the like are answered as the same picture in PNG', async () => {
  const run = await runLlava([
    ...short,
    ...['grid-turned-6.heic', 'cairo.pdf', 'pillow-24.bmp'].map(fixture),
  ]);
  expect(run.exitCode).toBe(0);
  expect(run.stdout.trim().split('\n')).toHaveLength(3);
});
