import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hugePng } from '../helpers/huge-png.js';
import { McpClient, textOf } from '../helpers/mcp-client.js';
import { runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const root = join(folder, 'root');
const own = join(folder, 'own');
for (const path of [root, own, join(root, 'sub'), join(folder, 'root-beside')]) mkdirSync(path);
const inRoot = await writeRedCircle(root, 'circle.png');
const inOwn = await writeRedCircle(own, 'own circle.png');
const outside = await writeRedCircle(folder, 'outside.png');
const beside = await writeRedCircle(join(folder, 'root-beside'));
symlinkSync(outside, join(root, 'link-out.png'));
symlinkSync(folder, join(root, 'folder-out'));
symlinkSync(join(folder, 'nowhere.png'), join(root, 'dangling.png'));
symlinkSync(inRoot, join(own, 'link-in.png'));
writeFileSync(join(root, 'notes.txt'), 'Nothing to see.');
writeFileSync(join(root, 'cut.png'), readFileSync(inRoot).subarray(0, 200));
writeFileSync(join(root, 'empty.png'), '');
writeFileSync(join(root, 'huge.png'), hugePng(readFileSync(inRoot)));
if (process.platform !== 'win32') execFileSync('mkfifo', [join(root, 'pipe.png')]);

const QUESTION = 'What color is the circle?';
const RIGHT = 'The circle is red.';
let mcp: McpClient;
beforeAll(async () => {
  mcp = await McpClient.connect({ roots: [root], args: ['--allow', own] });
});
afterAll(async () => {
  expect(mcp.stderr).toBe('');
  await mcp[Symbol.asyncDispose]();
});

/** What an agent is told of a call that failed. */
async function failure(name: string, given: Record<string, unknown>): Promise<string> {
  const result = await mcp.call(name, given);
  expect(result).toMatchObject({ isError: true });
  expect(result.structuredContent).toBeUndefined();
  const text = textOf(result);
  // Whatever was sent, what comes back is short.
  expect(text.length).toBeLessThan(1000);
  expect(text).not.toMatch(/\bat .*:\d+:\d+|ENOENT|EACCES/);
  return text;
}
const refused = (picture: string) => failure('look', { picture, question: QUESTION });

describe('files', () => {
  it.each([
    ['in a root', inRoot],
    ['in an allowed folder', inOwn],
    ['linked from one to the other', join(own, 'link-in.png')],
    ['by an address with a space', new URL(`file://${inOwn}`).href],
    ['by a way around', join(root, 'sub', '..', 'circle.png')],
  ])('are opened: %s', async (_, picture) => {
    expect(await mcp.text('look', { picture, question: QUESTION })).toBe(RIGHT);
  });

  it.each([
    ['outside', outside],
    ['outside, and missing', join(folder, 'nowhere.png')],
    ['in a folder of a similar name', beside],
    ['up and out', join(root, '..', 'outside.png')],
    ['up and out, unresolved', `${root}/../outside.png`],
    ['a link out', join(root, 'link-out.png')],
    ['behind a folder that is a link', join(root, 'folder-out', 'outside.png')],
    ['by a file address', new URL(`file://${outside}`).href],
    ['by an encoded file address', `file://${root}/%2e%2e/outside.png`],
    ['a device', '/dev/zero'],
    ['a folder of the system', '/'],
  ])('stay closed: %s', async (_, picture) => {
    const text = await refused(picture);
    expect(text).toContain('is outside the allowed folders');
    expect(text).toContain(`"${own}", "${root}"`);
    expect(text).toContain('--allow FOLDER');
  });

  it.each([
    ['missing', join(root, 'nowhere.png'), /does not exist/],
    ['a link to nothing', join(root, 'dangling.png'), /does not exist/],
    ['a folder', join(root, 'sub'), /is a folder/],
    ['the root itself', root, /is a folder/],
    ['text', join(root, 'notes.txt'), /is not a picture but text/],
    ['cut off', join(root, 'cut.png'), /cannot be decoded/],
    ['empty', join(root, 'empty.png'), /is empty/],
    ['huge', join(root, 'huge.png'), /30000×30000 pixels/],
    ['with a null character', join(root, 'a\0b.png'), /null character|possible file name/],
    ['a name that is too long', join(root, 'x'.repeat(300)), /too long|possible file name/],
    ['a file of another machine', 'file://elsewhere/a.png', /no address of a file on this machine/],
    ['relative, with two folders', 'circle.png', /relative path.*2 allowed folders/],
    ['no name', '', /it takes a path/],
  ])('are refused: %s', async (_, picture, says) => {
    expect(await refused(picture)).toMatch(says);
  });

  it.skipIf(process.platform === 'win32')(
    'are refused: a pipe, without waiting for its other end',
    async () => {
      expect(await refused(join(root, 'pipe.png'))).toMatch(/not a regular file/);
    },
  );

  it('follow the client’s roots as they change', async () => {
    await using other = await McpClient.connect({ roots: [root] });
    const look = (picture: string) => other.text('look', { picture, question: QUESTION });
    expect(await look('circle.png')).toBe(RIGHT);
    expect(await look(inOwn)).toContain('outside the allowed folders');
    other.roots = [own];
    await other.client.notification({ method: 'notifications/roots/list_changed' });
    expect(await look(inOwn)).toBe(RIGHT);
    expect(await look(inRoot)).toContain('outside the allowed folders');
    other.roots = [];
    expect(await look(inOwn)).toContain('no folder is allowed');
  });

  it('need no roots', async () => {
    await using other = await McpClient.connect({ args: ['--allow', root] });
    expect(await other.text('look', { picture: 'circle.png', question: QUESTION })).toBe(RIGHT);
    await using closed = await McpClient.connect();
    const text = await closed.text('look', { picture: inRoot, question: QUESTION });
    expect(text).toContain('no folder is allowed');
    expect(text).toContain('--allow FOLDER');
  });

  it('are asked for only when they decide', async () => {
    await using other = await McpClient.connect({ roots: [root], args: ['--allow', own] });
    await other.text('look', { picture: inOwn, question: QUESTION });
    expect(other.asked).toBe(0);
    await other.text('look', { picture: inRoot, question: QUESTION });
    expect(other.asked).toBe(1);
  });
});

describe('other pictures are refused', () => {
  it.each([
    ['bad base64', 'data:image/png;base64,@@@@', /not base64/],
    [
      'base64 of text',
      `data:image/png;base64,${Buffer.from('hello there').toString('base64')}`,
      /not a picture/,
    ],
    ['a data URL without data', 'data:image/png;base64', /no comma/],
    ['ten megabytes of nothing', '!'.repeat(10e6), /not base64, and too long for a path/],
    ['ten megabytes of base64', 'A'.repeat(10e6), /not a picture/],
    ['a web address', 'https://example.com/a.png', /web address.*--allow-urls/s],
  ])('%s', async (_, picture, says) => {
    expect(await refused(picture)).toMatch(says);
  });
});

describe('web addresses', () => {
  it('are fetched when that is allowed, and told as another world', async () => {
    const web = createServer((_, response) => response.end(readFileSync(inRoot))).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as AddressInfo;
    const args = ['--allow-urls', '--allow-private-host', `127.0.0.1:${port}`];
    await using other = await McpClient.connect({ args });
    const look = (picture: string) => other.text('look', { picture, question: QUESTION });
    expect(await look(`http://127.0.0.1:${port}/circle.png`)).toBe(RIGHT);
    expect(await look('http://127.0.0.1:1/circle.png')).toContain('private network');
    const { tools } = await other.client.listTools();
    expect(tools[0]?.annotations).toMatchObject({ openWorldHint: true });
    web.close();
  });
});

describe('arguments are refused', () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['an empty question', 'look', { question: ' ' }, /"question" is " ": it takes a text that is not empty/],
    ['no question', 'look', {}, /"question" is missing/],
    ['a question of ten megabytes', 'look', { question: 'x'.repeat(10e6) }, /at most 100000 characters/],
    ['a number for a question', 'look', { question: 5 }, /"question" is 5: it takes a text/],
    ['an unknown format', 'look', { question: 'x', format: 'long' }, /"format" is "long"/],
    ['an unknown argument', 'look', { question: 'x', colour: 'red' }, /no argument "colour"/],
    ['no tokens', 'look', { question: 'x', max_tokens: 0 }, /"max_tokens" is 0/],
    ['half a region', 'look', { question: 'x', region: { x: 1, y: 2 } }, /"region.width" is missing/],
    [
      'a region of no size',
      'look',
      { question: 'x', region: { x: 1, y: 2, width: 0, height: 5 } },
      /above 0/,
    ],
    ['a region outside', 'describe', { region: { x: 0, y: 0, width: 900, height: 5 } }, /900/],
    ['a long way of detail', 'describe', { detail: 'very long' }, /"detail" is "very long"/],
    ['labels as one text', 'classify', { labels: 'red, green' }, /"labels" is "red, green": it takes a list/],
    [
      'labels as an object',
      'classify',
      { labels: { red: 1, green: 2 } },
      /"labels" is an object: it takes a list/,
    ],
    ['labels that are numbers', 'classify', { labels: [1, 2] }, /"labels.0" is 1: it takes a text/],
    ['one label', 'classify', { labels: ['red'] }, /two labels or more/],
    ['a label twice', 'classify', { labels: ['red', 'Red'] }, /"Red" is given twice/],
    ['an empty label', 'classify', { labels: ['red', ''] }, /"" is not a label/],
    ['nothing to find', 'find', { thing: '' }, /"thing" is ""/],
    ['too long a question', 'look', { question: 'word '.repeat(5000) }, /context/],
  ])('%s', async (_, name, given, says) => {
    expect(await failure(name, { picture: inRoot, ...given })).toMatch(says);
  });

  it('but the server goes on', async () => {
    expect(await mcp.text('look', { picture: inRoot, question: QUESTION })).toBe(RIGHT);
  });
});

describe('llava mcp is not started', () => {
  it.each([
    ['with a folder that is none', ['--allow', join(root, 'nowhere')], 2, /is not a folder/],
    ['without its weights', ['--model', '7b'], 4, /The weights "llava-1.5-7b" are not on this machine/],
    ['with weights that are none', ['--gguf', inRoot, '--mmproj', inRoot], 4, /circle\.png/],
  ])('%s', async (_, args, code, says) => {
    const { exitCode, stdout, stderr } = await runLlava(['mcp', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
