import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { runInTerminal } from '../helpers/run-in-terminal.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/* Ways to name pictures beside their paths. */

const folder = join(temporaryFolder(), 'photos');
mkdirSync(join(folder, 'more'), { recursive: true });
for (const name of ['10.png', '2.png', '.hidden.png', 'more/3.png'])
  copyFileSync(projectFile('examples/shapes.png'), join(folder, name));
writeFileSync(join(folder, 'note.txt'), 'No picture.');

const QUESTION = 'What color is the circle?';
const ask = (args: readonly string[], options = {}) =>
  runLlava(['ask', QUESTION, '--format', 'short', ...args], options);
const lines = (...names: readonly string[]) => names.map((name) => `${join(folder, name)}\tRed\n`).join('');

it('asks about the pictures of a folder in natural order, and says what it left out', async () => {
  const run = await ask([folder]);
  expect(run).toMatchObject({ exitCode: 0, stdout: lines('2.png', '10.png') });
  expect(run.stderr).toContain('1 other file, 1 hidden one, 1 folder (--recursive enters them).');
});

it('enters folders, and expands what the shell left', async () => {
  const run = await ask([folder, join(folder, '?.png'), '--recursive']);
  expect(run).toMatchObject({ exitCode: 0, stdout: lines('2.png', '10.png', 'more/3.png', '2.png') });
});

it.each([
  ['a line each', '\n', []],
  ['a null character each', '\0', ['-0']],
])('takes names from stdin, %s', async (_, end, flags) => {
  const input = ['2.png', '10.png'].map((name) => `${join(folder, name)}${end}`).join('');
  const run = await ask(['--files-from', '-', ...flags], { input, stdin: 'pipe' });
  expect(run).toMatchObject({ exitCode: 0, stdout: lines('2.png', '10.png'), stderr: '' });
});

it('takes file:// addresses, and refuses those of the web unless they are allowed', async () => {
  const bytes = readFileSync(join(folder, '2.png'));
  const server = createServer((_, response) => response.end(bytes));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const local = pathToFileURL(join(folder, '2.png')).href;
  const refused = await ask([`http://${host}/a.png`]);
  const allowed = await ask([local, `http://${host}/a.png`, '--allow-urls', '--allow-private-host', host]);
  server.closeAllConnections();
  server.close();
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(/is a web address, and those are not allowed\.\ntry: Add --allow-urls/);
  expect(allowed).toMatchObject({
    exitCode: 0,
    stdout: `${join(folder, '2.png')}\tRed\nhttp://${host}/a.png\tRed\n`,
  });
});

it.each([
  ['yes', 'y\r', 0, 'The circle is red.'],
  ['no', 'n\r', 2, 'is a web address, and those are not allowed.'],
  ['nothing', '\r', 2, 'is a web address, and those are not allowed.'],
])('asks about an address on a terminal, and takes %s', async (_, reply, exitCode, says) => {
  let requests = 0;
  const bytes = readFileSync(join(folder, '2.png'));
  const server = createServer((__, response) => {
    requests++;
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`;
  const run = await runInTerminal(['ask', QUESTION, address], {}, { '[y/N]': reply });
  server.closeAllConnections();
  server.close();
  expect(run.exitCode, run.output).toBe(exitCode);
  expect(run.output).toContain(`Fetch "${address}"? [y/N]`);
  expect(run.output.replace(/\s+/g, ' ')).toContain(says);
  expect(requests).toBe(exitCode === 0 ? 1 : 0);
});

it.skipIf(process.platform === 'win32')('reads a picture from a named pipe, once', async () => {
  const pipe = join(folder, '..', 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'exec cat "$1" > "$2"', 'sh', join(folder, '2.png'), pipe]);
  const run = await ask([pipe]);
  writer.kill();
  expect(run).toMatchObject({ exitCode: 0, stdout: 'Red\n', stderr: '' });
});

it.runIf(process.platform === 'linux')('takes names that are not UTF-8', async () => {
  const here = join(folder, '..', 'bytes');
  mkdirSync(here);
  writeFileSync(
    Buffer.concat([Buffer.from(`${here}/`), Buffer.from([0xff])]),
    readFileSync(join(folder, '2.png')),
  );
  expect(await ask([here])).toMatchObject({ exitCode: 0, stdout: 'Red\n' });
});

it('puts pictures side by side on one sheet', async () => {
  const run = await ask([join(folder, '2.png'), join(folder, '10.png'), '--tile', '--json']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const { picture } = JSON.parse(run.stdout) as { picture: string };
  expect(picture).toBe(`${join(folder, '2.png')} + ${join(folder, '10.png')}`);
});

it('says so when no picture is named, and when a folder holds none', async () => {
  expect((await ask([])).stderr).toMatch(/^error: No picture was named\.\ntry: /);
  const empty = join(folder, '..', 'empty');
  mkdirSync(empty);
  expect((await ask([empty])).stderr).toMatch(/^error: The folder ".+" holds no pictures\.\ntry: /);
});

it('makes rows of a folder for a batch, which can be resumed', async () => {
  const output = join(folder, '..', 'answers.jsonl');
  const args = [
    'batch',
    '--pictures',
    folder,
    '--recursive',
    '--question',
    QUESTION,
    '-f',
    'short',
    '-o',
    output,
  ];
  expect(await runLlava(args)).toMatchObject({ exitCode: 0 });
  const images = readFileSync(output, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { image: string }).image);
  expect(images).toEqual(['2.png', '10.png', 'more/3.png'].map((name) => join(folder, name)));
  const again = await runLlava([...args, '--resume']);
  expect(again.stderr).toContain('3 rows: 0 answered, 3 resumed');
});

/* Several pictures in one question. */

const openaiRow = (...names: readonly string[]) =>
  `${JSON.stringify({
    custom_id: 'a',
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'm',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'How many pictures are there?' },
            ...names.map((url) => ({ type: 'image_url', image_url: { url } })),
          ],
        },
      ],
    },
  })}\n`;
const batch = (input: string, ...args: readonly string[]) =>
  runLlava(['batch', '--image-folder', folder, ...args], { input, stdin: 'pipe' });

it('refuses several pictures of a row, and offers --tile, which puts them on one sheet', async () => {
  const refused = await batch(openaiRow('2.png', '10.png'));
  expect(refused.exitCode).toBe(3);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: {
      code: 'unsupported',
      message: expect.stringContaining('--tile puts them on one sheet') as string,
    },
  });
  const dataUrl = `data:image/png;base64,${readFileSync(join(folder, '10.png')).toString('base64')}`;
  const [tiled, mixed] = await Promise.all([
    batch(openaiRow('2.png', '10.png'), '--tile'),
    batch(openaiRow('2.png', dataUrl), '--tile'),
  ]);
  expect(tiled, tiled.stderr).toMatchObject({ exitCode: 0 });
  const answerOf = (line: string) =>
    (JSON.parse(line) as { response: { body: { choices: [{ message: { content: string } }] } } }).response
      .body.choices[0].message.content;
  expect(answerOf(mixed.stdout)).toBe(answerOf(tiled.stdout));
  const asked = await runLlava([
    ...['ask', 'How many pictures are there?', '--tile'],
    ...[join(folder, '2.png'), join(folder, '10.png')],
  ]);
  expect(asked.stdout.trimEnd()).toBe(answerOf(tiled.stdout));
});

it('tells which of a row’s pictures cannot be read, and how many are too many', async () => {
  const rows = openaiRow('2.png', 'none.png') + openaiRow(...Array.from({ length: 17 }, () => '2.png'));
  const run = await batch(rows, '--tile');
  expect(run.exitCode).toBe(3);
  const [missing, many] = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(missing).toMatchObject({
    error: { code: 'bad_picture', message: expect.stringMatching(/none\.png" does not exist/) as string },
  });
  expect(many).toMatchObject({
    error: { code: 'unsupported', message: expect.stringContaining('17 pictures') as string },
  });
});

it('goes on with tiled rows where an earlier run stopped', async () => {
  const output = join(folder, '..', 'tiled.jsonl');
  const rows = openaiRow('2.png', '10.png') + openaiRow('10.png', '2.png');
  await batch(rows, '--tile', '-o', output);
  const again = await batch(rows, '--tile', '-o', output, '--resume');
  expect(again.stderr).toContain('0 answered, 2 resumed');
});

it('makes a sheet of pages', async () => {
  const pages = projectFile('test/fixtures/formats/pillow-pages.tiff');
  const run = await ask([pages, '--page', '2-3', '--tile', '--json']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect((JSON.parse(run.stdout) as { picture: string }).picture).toBe(`${pages}#2 + ${pages}#3`);
});
