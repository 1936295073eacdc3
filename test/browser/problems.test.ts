import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/chromium.js';
import { PageInBrowser } from '../helpers/page-in-browser.js';
import { RunningServer } from '../helpers/running-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const KEY = 'correct-horse-battery';
const folder = temporaryFolder();
const keyFile = join(folder, 'key.txt');
let browser: Browser;
let shown: PageInBrowser;

beforeAll(async () => {
  writeFileSync(keyFile, KEY);
  browser = await openChromium();
});
afterAll(async () => {
  await browser.close();
});
afterEach(async () => {
  // Browsers themselves note each request that failed.
  expect(shown.problems.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  await shown[Symbol.asyncDispose]();
});

const startServer = async (...args: string[]) => await RunningServer.start('--model', 'demo', ...args);
const problemOfTurn = async () => await shown.page.locator('.turn .problem').last().innerText();

describe('a server with a key', () => {
  const useKey = async (key: string) => {
    await shown.page.getByLabel('This server asks for a key').fill(key);
    await shown.page.getByRole('button', { name: 'Continue' }).click();
  };

  it('is asked with the key that people type, as long as the tab is open', async () => {
    await using server = await startServer('--api-key-file', keyFile);
    shown = await PageInBrowser.open(browser, server.address);
    const { page } = shown;
    const form = page.locator('#key-form');
    await form.waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('key');
    for (const wrong of ['wrong-horse-battery', 'schlüssel – 🔑']) {
      await useKey(wrong);
      await page.getByText('That is not the key.').waitFor();
    }
    await useKey(KEY);
    await form.waitFor({ state: 'hidden' });
    expect(await page.locator('#model').innerText()).toBe('demo');
    await shown.choose();
    await shown.ask('What color is the circle?');
    expect(await shown.answer()).toBe('The circle is red.');
    await page.reload();
    await page.locator('#model').waitFor();
    expect(await form.isVisible()).toBe(false);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
    await using stranger = await PageInBrowser.open(browser, server.address);
    await stranger.page.locator('#key-form').waitFor();
  });

  it('answers a question that was asked too early', async () => {
    await using server = await startServer('--api-key-file', keyFile);
    shown = await PageInBrowser.open(browser, server.address);
    await shown.choose();
    await shown.ask('What color is the circle?');
    expect(await problemOfTurn()).toContain('The API key is missing or wrong');
    await useKey(KEY);
    expect(await shown.answer()).toBe('The circle is red.');
    expect(await shown.page.locator('.turn').count()).toBe(1);
    expect(await shown.page.getByLabel('Your question').inputValue()).toBe('');
  });
});

describe('a server that goes away', () => {
  it('before a question, is named, and the question is kept', async () => {
    const server = await startServer();
    shown = await PageInBrowser.open(browser, server.address);
    await shown.choose();
    await server.end('SIGKILL');
    await shown.ask('What color is the circle?');
    await shown.page.locator('.turn .problem').waitFor();
    expect(await problemOfTurn()).toBe('The server does not answer. Is llava serve still running?');
    expect(await shown.page.getByLabel('Your question').inputValue()).toBe('What color is the circle?');
    await shown.page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
  });

  it('in the middle of an answer, leaves what was said', async () => {
    const server = await startServer();
    shown = await PageInBrowser.open(browser, server.address);
    await shown.page.exposeFunction('endServer', async () => await server.end('SIGKILL'));
    await shown.page.evaluate(() => {
      const observer = new MutationObserver(() => {
        if (document.querySelector('.answer .text')?.textContent === '') return;
        observer.disconnect();
        void (window as unknown as { endServer: () => Promise<void> }).endServer();
      });
      observer.observe(document.querySelector('#turns') ?? document, { subtree: true, childList: true });
    });
    await shown.choose();
    await shown.page.getByRole('button', { name: 'Options' }).click();
    await shown.page.getByLabel('Temperature').fill('2');
    await shown.page.getByLabel('Seed').fill('3');
    await shown.ask('Describe the image.');
    await shown.page.locator('.turn .problem').waitFor();
    expect(await problemOfTurn()).toMatch(/does not answer|broke off/);
    expect(await shown.page.locator('.answer .text').innerText()).not.toBe('');
  });

  it('while the page is loaded, is told from one that never was', async () => {
    const server = await startServer();
    shown = await PageInBrowser.open(browser, server.address);
    await shown.page.route('**/v1/models', (route) => route.abort());
    await shown.page.reload();
    await shown.page.getByRole('alert').waitFor();
    expect(await shown.page.getByRole('alert').innerText()).toContain('cut the connection');
    await server.end('SIGKILL');
  });
});

describe('what a server refuses is told in its own words', () => {
  it('and is gone with the next question', async () => {
    await using server = await startServer();
    shown = await PageInBrowser.open(browser, server.address);
    const damaged = join(folder, 'damaged.png');
    writeFileSync(damaged, 'no picture at all');
    await shown.choose(damaged);
    await shown.ask('What color is the circle?');
    await shown.page.locator('.turn .problem').waitFor();
    const response = await server.post({
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image_url',
              image_url: {
                url: `data:image/png;base64,${Buffer.from('no picture at all').toString('base64')}`,
              },
            },
            { type: 'text', text: 'What color is the circle?' },
          ],
        },
      ],
    });
    const { error } = (await response.json()) as { error: { message: string } };
    expect(await problemOfTurn()).toBe(error.message);
    await shown.choose();
    await shown.ask('What color is the star?', { kind: 'labels', items: 'red' });
    await shown.page.locator('.turn .problem').waitFor();
    expect(await problemOfTurn()).toBe('Give 2 to 20000 labels, not 1.');
    await shown.ask('word '.repeat(3000), { kind: 'free' });
    await shown.page.locator('.turn .problem', { hasText: 'positions' }).waitFor();
    await shown.ask('What color is the circle?');
    expect(await shown.answer()).toBe('The circle is red.');
    expect(await shown.page.locator('.turn').count()).toBe(1);
  });

  it('as is a picture that is too large for it', async () => {
    await using server = await startServer('--max-body', '0.001');
    shown = await PageInBrowser.open(browser, server.address);
    await shown.choose();
    await shown.ask('What color is the circle?');
    await shown.page.locator('.turn .problem').waitFor();
    expect(await problemOfTurn()).toMatch(/larger than/);
  });
});
