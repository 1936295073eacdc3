import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/chromium.js';
import { PageInBrowser, SHAPES, type Asked } from '../helpers/page-in-browser.js';
import { LLAVA, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const KEY = 'correct-horse-battery';
const HOSTILE =
  `What's "$HOME" \`touch pwned\` $(touch pwned) \\' !! %s \\n {~} * ; touch pwned & <END\nEND\n\ttwo 'lines' é 🦙 ` +
  'data:;base64,';

const folder = temporaryFolder();
const programs = join(folder, 'bin');
let server: RunningServer;
let browser: Browser;
let shown: PageInBrowser;

beforeAll(async () => {
  mkdirSync(programs);
  const start = `#!/bin/sh\nexec '${process.execPath}' '${LLAVA}' "$@"\n`;
  writeFileSync(join(programs, 'llava'), start, { mode: 0o755 });
  [server, browser] = await Promise.all([RunningServer.start('--model', 'demo'), openChromium()]);
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});
afterEach(async () => {
  expect(shown.problems).toEqual([]);
  await shown[Symbol.asyncDispose]();
});

/** Runs a line as if it had been pasted in a terminal, where nobody has chosen a model. */
async function paste(line: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execa('bash', ['-c', line], {
    cwd: folder,
    env: {
      ...TEST_ENVIRONMENT,
      LLAVA_MODEL: '7b',
      PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
      ...env,
    },
  });
  return stdout;
}

async function copied(turn: Locator, name: 'curl' | 'ask'): Promise<string> {
  const button = turn.locator(`.copy-${name}`);
  await button.click();
  await button.getByText('Copied').waitFor();
  return await shown.page.evaluate(() => navigator.clipboard.readText());
}

interface Completion {
  readonly choices: readonly { message: { content: string } }[];
  readonly llava: { answer: string; question: string };
}

async function chooseIn(name = 'shapes.png'): Promise<void> {
  copyFileSync(SHAPES, join(folder, name));
  await shown.choose(join(folder, name));
}

describe('copied lines give the page’s answer', () => {
  it.each<[string, string, Asked]>([
    ['a free question', 'Describe the image.', { kind: 'free' }],
    ['a short one', 'What color is the circle?', { kind: 'short' }],
    ['a caption', '', { kind: 'caption' }],
    ['a box', 'the green triangle', { kind: 'box' }],
    ['a region', '37, 10, 131, 106', { kind: 'region' }],
    ['a question that looks like a flag', '--format box', { kind: 'free' }],
    ['a hostile question', HOSTILE, { kind: 'free' }],
    ['a hostile question by its box', HOSTILE, { kind: 'box' }],
  ])('to %s', async (_, question, asked) => {
    shown = await PageInBrowser.open(browser, server.address);
    await chooseIn();
    await shown.ask(question, asked);
    const answer = await shown.answer();
    const turn = await shown.answered();
    const { choices, llava } = JSON.parse(await paste(await copied(turn, 'curl'))) as Completion;
    expect(choices[0]?.message.content).toBe(answer);
    expect(llava.question).toBe(question.trim());
    expect(await paste(await copied(turn, 'ask'))).toBe(answer);
    expect(readdirSync(folder)).not.toContain('pwned');
  });

  it.each<[string, string, Asked]>([
    ['labels', 'What color is the star?', { kind: 'labels', items: "it's $(red), -blue, green" }],
    ['choices', 'What color is the star?', { kind: 'letter', items: "it's `red`\nblue, or so\n--green" }],
    ['yes or no', 'Is there a circle in the image?', { kind: 'yes-no' }],
  ])('with the probabilities of %s', async (_, question, asked) => {
    shown = await PageInBrowser.open(browser, server.address);
    await chooseIn();
    await shown.ask(question, asked);
    const turn = await shown.answered();
    const first = turn.locator('.bars li').first();
    const best = await first.locator('.choice').innerText();
    const { llava } = JSON.parse(await paste(await copied(turn, 'curl'))) as Completion;
    expect((await shown.answer()).startsWith(llava.answer)).toBe(true);
    expect(await paste(await copied(turn, 'ask'))).toContain(best);
  });

  it('with the options of the page', async () => {
    shown = await PageInBrowser.open(browser, server.address);
    await chooseIn();
    await shown.page.getByRole('button', { name: 'Options' }).click();
    for (const [name, value] of [
      ['Temperature', '1.5'],
      ['Top-p', '0.9'],
      ['Seed', '11'],
      ['Most tokens', '12'],
    ] as const)
      await shown.page.getByLabel(name).fill(value);
    await shown.ask('Describe the image.');
    const [answer, turn] = [await shown.answer(), await shown.answered()];
    const { llava } = JSON.parse(await paste(await copied(turn, 'curl'))) as Completion;
    expect(llava.answer).toBe(answer);
    expect(await paste(await copied(turn, 'ask'))).toBe(answer);
  });

  it.each(["it's $(touch pwned).png", '-rf.png', '-', 'ein Bild äöü 🦙.png', '"; touch pwned; ".png'])(
    'about a picture called %s',
    async (name) => {
      shown = await PageInBrowser.open(browser, server.address);
      await chooseIn(name);
      await shown.ask('What color is the circle?');
      const turn = await shown.answered();
      const { llava } = JSON.parse(await paste(await copied(turn, 'curl'))) as Completion;
      expect(llava.answer).toBe('The circle is red.');
      expect(await paste(await copied(turn, 'ask'))).toBe('The circle is red.');
      expect(readdirSync(folder)).not.toContain('pwned');
    },
  );

  it('after earlier turns, where only curl can ask the same', async () => {
    shown = await PageInBrowser.open(browser, server.address);
    await chooseIn();
    await shown.ask(HOSTILE, { kind: 'short' });
    await shown.answered();
    await shown.ask('Where is it?', { kind: 'free' });
    await shown.page.waitForFunction(() => document.querySelectorAll('.foot:not([hidden])').length === 2);
    const [answer, turn] = [await shown.answer(), await shown.answered()];
    const { llava } = JSON.parse(await paste(await copied(turn, 'curl'))) as Completion;
    expect(llava.answer).toBe(answer);
    expect(await turn.getByRole('button', { name: 'Copy as llava ask' }).isVisible()).toBe(false);
  });

  it('with a key, which is not in the line', async () => {
    const file = join(folder, 'key.txt');
    writeFileSync(file, KEY);
    await using locked = await RunningServer.start('--model', 'demo', '--api-key-file', file);
    shown = await PageInBrowser.open(browser, locked.address);
    await shown.page.getByLabel('This server asks for a key').fill(KEY);
    await shown.page.getByRole('button', { name: 'Continue' }).click();
    await shown.page.locator('#model').waitFor();
    shown.problems.length = 0;
    await chooseIn();
    await shown.ask('What color is the circle?');
    const line = await copied(await shown.answered(), 'curl');
    expect(line).not.toContain(KEY);
    const { llava } = JSON.parse(await paste(line, { LLAVA_API_KEY: KEY })) as Completion;
    expect(llava.answer).toBe('The circle is red.');
  });
});

it('a line is shown where the browser has no clipboard', async () => {
  shown = await PageInBrowser.open(browser, server.address);
  await shown.page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  await chooseIn();
  await shown.ask('What color is the circle?');
  const turn = await shown.answered();
  await turn.getByRole('button', { name: 'Copy as llava ask' }).click();
  const line = turn.getByLabel('Copy this line');
  expect(await line.inputValue()).toBe(`llava ask --model demo 'What color is the circle?' shapes.png`);
  expect(await shown.page.evaluate(() => document.activeElement?.matches('.line textarea'))).toBe(true);
});
