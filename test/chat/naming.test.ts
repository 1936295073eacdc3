import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ChatTerminal } from '../helpers/chat-terminal.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/* Pictures are named in the chat as they are for `llava ask`. */

const scratch = temporaryFolder();
const folder = join(scratch, 'photos');
mkdirSync(join(folder, 'more'), { recursive: true });
copyFileSync(await writeRedCircle(scratch), join(folder, '2.png'));
copyFileSync(await writeBlueSquare(scratch), join(folder, '10 b.png'));
copyFileSync(projectFile('examples/shapes.png'), join(folder, 'more', '3.png'));
writeFileSync(join(folder, 'note.txt'), 'No picture.');
const pages = projectFile('test/fixtures/formats/pillow-pages.tiff');
const list = join(scratch, 'list.txt');
writeFileSync(list, `${join(folder, '10 b.png')}\n${join(folder, '2.png')}\n`);

const WHICH = 'What color is the circle?';
const SQUARE = 'What color is the square?';
const chat = (lines: readonly string[], ...args: string[]) =>
  runLlava(['chat', '--format', 'short', ...args], { input: lines.join('\n'), stdin: 'pipe', cwd: folder });

it('looks at the first picture of a folder, and lists the others', async () => {
  const run = await chat([`/image ${folder}`, WHICH, '/image', '/image 2', SQUARE]);
  expect(run).toMatchObject({ exitCode: 0, stdout: 'Red\nBlue\n' });
  expect(run.stderr).toContain('Left out in');
  expect(run.stderr).toContain('2 pictures; the chat goes on with the first.');
  expect(run.stderr).toMatch(
    /\* 1 {2}\S+2\.png {2}\d+×\d+ {2}1 turn\n {2}2 {2}.+10 b\.png {2}not looked at yet/,
  );
});

it.each([
  ['a folder that is dropped', () => [folder, WHICH], 'Red\n'],
  ['folders to the bottom', () => ['/image . --recursive', '/image 3', SQUARE], /^\w+\n$/],
  ['a pattern', () => [`/image *.png`, '/image 2', SQUARE], 'Blue\n'],
  ['a name with blanks', () => ['/image 10 b.png', SQUARE], 'Blue\n'],
  ['names in words', () => ['/image "10 b.png" 2.png', '/image 2', WHICH], 'Red\n'],
  ['a list', () => [`/image --files-from ${list}`, SQUARE, '/image 2', WHICH], 'Blue\nRed\n'],
] as const)('/image takes %s', async (_, lines, stdout) => {
  const run = await chat(lines());
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stdout).toMatch(stdout);
});

it('takes pages, one by one or on a sheet', async () => {
  const run = await chat([
    `/image ${pages} --page 2-3`,
    '/image',
    `/image ${pages} --page all --tile`,
    '/image',
  ]);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/\* 1 {2}\S+#2 .*\n {2}2 {2}\S+#3 {2}not looked at yet\n/);
  expect(run.stderr).toMatch(/\* 3 {2}\S+#1 \+ \S+#2 \+ \S+#3 {2}/);
});

it('takes all of it on the command line as well', async () => {
  const run = await chat([WHICH, '/image 2', SQUARE], folder);
  expect(run).toMatchObject({ exitCode: 0, stdout: 'Red\nBlue\n' });
});

it('fetches an address that is typed', async () => {
  const bytes = readFileSync(join(folder, '2.png'));
  const server = createServer((_, response) => response.end(bytes));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const run = await chat([`/image 10*.png http://127.0.0.1:${port}/a.png`, '/image 2', WHICH]);
  server.closeAllConnections();
  server.close();
  expect(run).toMatchObject({ exitCode: 0, stdout: 'Red\n' });
});

it.each([
  ['/image --tiles a.png', 'error: "--tiles" is no option of /image.\ntry: It takes --page,'],
  ['/image -', 'error: "-" stands for stdin, and the chat reads its lines there.\ntry: '],
  ['/image no such.png', 'error: Picture "no such.png" does not exist\ntry: '],
  [
    '/image --files-from none.txt',
    'error: The list of pictures "none.txt" cannot be read: no such file.\ntry: ',
  ],
])('%s is told', async (line, told) => {
  const run = await chat([line]);
  expect(run).toMatchObject({ exitCode: 3, stdout: '' });
  expect(run.stderr).toContain(told);
});

it('does so on the screen of a terminal, where Tab completes options and names', async () => {
  using terminal = new ChatTerminal(['--format', 'short'], { cwd: folder });
  await terminal.waitFor('Ask about a picture');
  terminal.type('/image . --rec\t');
  await terminal.waitFor('--recursive');
  terminal.type('\r');
  await terminal.waitFor('3 pictures; the chat goes on with the first.');
  await terminal.waitFor('Left out in');
  await terminal.say(WHICH, /Red/);
  terminal.type('/image 2.png 10\t');
  await terminal.waitFor('10\\ b.png');
});
