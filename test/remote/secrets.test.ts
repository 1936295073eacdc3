import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePictures, writeRows } from '../batch/batch-files.js';
import { runInTerminal } from '../helpers/run-in-terminal.js';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { echo, StubServer, writeJson } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const KEY = 'sk-"very\\secret/0123456789';
const folder = temporaryFolder();
const images = await writePictures(folder, 1);
const picture = join(images, '0.png');
const keyFile = join(folder, 'key');
writeFileSync(keyFile, `${KEY}\n`);
const withKey = ['--server-key-file', keyFile];

/** Neither plain nor as JSON has it. */
function expectNoKey(...texts: string[]): void {
  for (const text of texts) {
    expect(text).not.toContain(KEY);
    expect(text).not.toContain(JSON.stringify(KEY).slice(1, -1));
  }
}

describe('the key of a server', () => {
  it('is sent, and stays out of output, journal, errors and the list of processes', async () => {
    let commandLine = '';
    await using server = await StubServer.start({
      model: `model ${KEY}`,
      answer: ({ text }, response) => {
        commandLine = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
        if (!text.includes('fails')) return { text: ` you said ${KEY}` };
        const message = `bad key ${KEY}`;
        if (text.includes('200')) writeJson(response, { error: { message } }, 200);
        else if (text.includes('500')) writeJson(response, { error: { message } }, 500);
        else if (text.includes('400')) writeJson(response, { detail: message }, 400);
        else response.writeHead(418).end(`<p>${message}</p>`);
        return undefined;
      },
    });
    const questions = ['works', 'fails 500', 'fails 400', 'fails with 200', 'fails otherwise'];
    const rows = questions.map((question, id) => ({ id, image: '0.png', question }));
    const output = join(folder, 'out.jsonl');
    const args = ['batch', writeRows(join(folder, 'in.jsonl'), rows), '-o', output, '--image-folder', images];
    const child = spawn(process.execPath, [LLAVA, ...args, '--server', server.address, ...withKey], {
      env: { ...process.env, ...TEST_ENVIRONMENT },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (said += data.toString()));
    await once(child, 'close');
    expect(server.requests.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true);
    const written = readFileSync(output, 'utf8');
    expect(written).toMatch(/"answer":"you said …"/);
    expect(written.match(/bad key …/g), written + said).toHaveLength(4);
    expect(commandLine).toContain('--server-key-file');
    expectNoKey(said, written, readFileSync(`${output}.journal`, 'utf8'), commandLine);
  });

  it.each([
    ['an error in a 200', { error: { message: 'the key is SHORT' } }, 200],
    ['an error as llava serve writes it', { error: { kind: 'engine', message: 'the key is SHORT' } }, 200],
    ['the same with its status', { error: { kind: 'engine', message: 'the key is SHORT' } }, 500],
    ['what is no JSON, cut within the key', `${' '.repeat(77)}SHORT`, 200],
    ['a text with a status, cut within the key', `${'-'.repeat(297)}SHORT`, 400],
  ])('is not told in %s, even if it is short', async (_, said, status) => {
    const key = 'Zq9-xK';
    writeFileSync(join(folder, 'short'), key);
    await using server = await StubServer.start({
      answer: (_question, response) => {
        const text = typeof said === 'string' ? said : JSON.stringify(said);
        response.writeHead(status).end(text.replace('SHORT', key));
        return undefined;
      },
    });
    const args = [
      'ask',
      'Q',
      picture,
      '--server',
      server.address,
      '--server-key-file',
      join(folder, 'short'),
    ];
    const run = await runLlava(args);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).not.toContain('Zq9');
  });

  it('is not told when it is refused', async () => {
    await using server = await StubServer.start({
      before: (_, response, { authorization }) => {
        writeJson(response, { error: { message: `wrong: ${authorization}` } }, 401);
        return true;
      },
    });
    const run = await runLlava(['ask', 'Q', picture, '--server', server.address, ...withKey]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/status 401: "wrong: Bearer …"\.\ntry: .*--server-key-file/);
    expectNoKey(run.stderr);
  });

  it('is not taken to another address', async () => {
    await using other = await StubServer.start();
    await using server = await StubServer.start({
      before: (path, response, { authorization }) => {
        response.writeHead(307, { location: `${other.address}${path}?key=${authorization}` }).end();
        return true;
      },
    });
    const run = await runLlava(['ask', 'Q', picture, '--server', server.address, ...withKey]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/redirects to ".*", which is not followed/);
    expectNoKey(run.stderr);
    expect(other.requests).toEqual([]);
  });

  it.each([
    ['missing', undefined, /The key file ".*" .*(missing|no such file|not)/],
    ['empty', '', /holds no key/],
    ['of several lines', 'one\ntwo\n', /holds no key/],
  ])('cannot be read from a file that is %s', async (name, content, says) => {
    const path = join(folder, `key-${name}`);
    if (content !== undefined) writeFileSync(path, content);
    const run = await runLlava([
      ...['ask', 'Q', picture, '--server', 'http://127.0.0.1:9'],
      ...['--server-key-file', path],
    ]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(says);
    expect(run.stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n$/);
  });
});

describe('what a server says', () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m';

  it('cannot write control sequences to the terminal', async () => {
    await using server = await StubServer.start({
      model: `m${hostile}`,
      answer: ({ text }, response) => {
        if (!text.includes('fails')) return { text: ` seen${hostile}` };
        writeJson(response, { error: { message: `bad${hostile}` } }, 400);
        return undefined;
      },
    });
    for (const question of ['works', 'it fails']) {
      const { output, raw } = await runInTerminal(['ask', question, picture, '--server', server.address]);
      expect(output).toMatch(question === 'works' ? /seen/ : /bad/);
      expect(raw).not.toMatch(/owned\u0007|\u001b\[2J|\u009b/);
    }
    const wrong = await runInTerminal([
      ...['ask', 'Q', picture, '--server', server.address],
      ...['--server-model', 'x'],
    ]);
    expect(wrong.output).toMatch(/has no model "x"/);
    expect(wrong.raw).not.toMatch(/owned\u0007|\u001b\[2J|\u009b/);
  });

  it('is an answer only when it ends', async () => {
    await using server = await StubServer.start({
      answer: (question, response) => {
        if (question.body['stream'] !== true) return echo(question);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('data: {"choices":[{"delta":{"content":"half"}}]}\n\n');
        return undefined;
      },
    });
    const run = await runLlava(['ask', 'Q', picture, '--server', server.address]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/stopped in the middle of an answer/);
  });
});
