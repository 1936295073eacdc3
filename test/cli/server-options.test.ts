import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { writePictures } from '../batch/batch-files.js';
import { projectFile, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { StubServer } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const picture = join(await writePictures(folder, 1), '0.png');
const server = await StubServer.start();
afterAll(() => server[Symbol.asyncDispose]());
const ask = ['ask', 'row 1', picture];
const answered = { exitCode: 0, stdout: 'To row 1\n', stderr: '' };

describe('servers in the settings', () => {
  it('are taken from LLAVA_SERVER, several in one text', async () => {
    const env = { LLAVA_SERVER: `${server.address}/v1/, ${server.address}` };
    expect(await runLlava(ask, { env })).toMatchObject(answered);
  });

  it('are taken from the config file', async () => {
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify({ server: server.address, 'server-timeout': '30s' }));
    expect(await runLlava(ask, { env: { LLAVA_CONFIG: path } })).toMatchObject(answered);
  });

  it('lose to an engine that the command line names', async () => {
    const env = { LLAVA_SERVER: 'http://127.0.0.1:9' };
    const run = await runLlava(['ask', 'Describe the image.', picture, '--model', 'demo'], { env });
    expect(run.exitCode, run.stderr).toBe(0);
  });
});

describe('what cannot be meant', () => {
  it.each([
    [['--server', 'ftp://host'], /--server "ftp:\/\/host" is not an http or https address\./],
    [['--server', 'localhost:8000'], /is not an http or https address\./],
    [['--server', 'http://me:secret@host'], /"http:\/\/…@host" holds a password/],
    [['--server', 'http://host/?key=1'], /has a query/],
    [['--server', 'http://host', '--device', 'cpu'], /--device is about an engine here/],
    [['--server', 'http://host', '--model', 'demo'], /--model is about an engine here/],
    [['--server', 'http://host', '--keep', '1m'], /--keep is about an engine here/],
    [['--any-prompt'], /--any-prompt is about servers, and none is named\./],
    [['--server', 'http://host', '--server-timeout', 'soon'], /--server-timeout/],
    [['--server', 'http://host', '--server-image-size', '3'], /--server-image-size/],
  ])('%j is an error that names it', async (flags, says) => {
    const run = await runLlava([...ask, ...flags]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(says);
    expect(run.stderr).not.toContain('secret');
  });

  it('a server that is not there is an error at once', async () => {
    const run = await runLlava([...ask, '--server', 'http://127.0.0.1:9']);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(
      /The server "http:\/\/127\.0\.0\.1:9" cannot be reached: nothing listens there\./,
    );
  });
});

describe('a laptop without an engine', () => {
  it('asks servers: neither node-llama-cpp nor the addon is loaded', async () => {
    const copy = join(folder, 'copy');
    mkdirSync(join(copy, 'node_modules'), { recursive: true });
    for (const part of ['bin', 'dist', 'models.json', 'package.json'])
      cpSync(projectFile(part), join(copy, part), { recursive: true });
    const modules = projectFile('node_modules');
    for (const name of readdirSync(modules))
      if (!/^(node-llama-cpp|@node-llama-cpp|lifecycle-utils)$/.test(name))
        symlinkSync(join(modules, name), join(copy, 'node_modules', name));
    const env = { ...TEST_ENVIRONMENT, LLAVA_SERVER: server.address };
    const run = (...args: string[]) =>
      execa(process.execPath, [join(copy, 'bin/llava.js'), ...args], { env, reject: false, input: '' });
    const asked = await run(...ask);
    expect(asked, asked.stderr).toMatchObject({ exitCode: 0, stdout: 'To row 1' });
    const rows = join(folder, 'rows.jsonl');
    writeFileSync(rows, `${JSON.stringify({ id: 1, image: picture, question: 'row 1' })}\n`);
    expect(await run('batch', rows, '-o', join(folder, 'rows.out'))).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(folder, 'rows.out'), 'utf8')).toContain('"answer":"To row 1"');
    const chat = await execa(process.execPath, [join(copy, 'bin/llava.js'), 'chat', picture], {
      env,
      reject: false,
      input: 'row 1\n',
    });
    expect(chat.exitCode, chat.stderr).toBe(0);
    expect(chat.stdout).toContain('To row 1');
  });
});
