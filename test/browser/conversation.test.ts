import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/chromium.js';
import { PageInBrowser, SHAPES } from '../helpers/page-in-browser.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const NIGHT = projectFile('examples/night.png');
const LONG = 'Describe the image.';
let server: RunningServer;
let browser: Browser;
let shown: PageInBrowser;

beforeAll(async () => {
  [server, browser] = await Promise.all([RunningServer.start('--model', 'demo'), openChromium()]);
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  shown = await PageInBrowser.open(browser, server.address);
});
afterEach(async () => {
  expect(shown.problems).toEqual([]);
  await shown[Symbol.asyncDispose]();
});

/** What `llava ask` prints, without its line break. */
const ask = async (...args: string[]) => (await runLlava(['ask', ...args])).stdout.trimEnd();

/** Drops or pastes a real file's bytes, as the system would hand them over. */
async function bring(kind: 'drop' | 'paste', path: string, type = 'image/png'): Promise<void> {
  const file = { base64: readFileSync(path, 'base64'), name: basename(path), type, kind };
  await shown.page.evaluate(async ({ base64, name, type: media, kind: how }) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: media }));
    const target = document.activeElement ?? document.body;
    const init = { bubbles: true, cancelable: true };
    await Promise.resolve();
    if (how === 'paste') target.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }));
    else
      for (const event of ['dragenter', 'dragover', 'drop'])
        target.dispatchEvent(new DragEvent(event, { ...init, dataTransfer: data }));
  }, file);
}

/** Notes all texts that the next answer has, one after the other; may press a button at the first of them. */
async function watchAnswer(press?: string): Promise<() => Promise<readonly string[]>> {
  await shown.page.evaluate((selector) => {
    const texts: string[] = [];
    Object.assign(window, { texts });
    new MutationObserver(() => {
      const text = [...document.querySelectorAll('.answer .text')].at(-1)?.textContent ?? '';
      if (text === '' || text === texts.at(-1)) return;
      texts.push(text);
      if (selector !== undefined && texts.length === 1)
        document.querySelector<HTMLButtonElement>(selector)?.click();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, press);
  return async () => await shown.page.evaluate(() => (window as unknown as { texts: string[] }).texts);
}

describe('a picture comes in', () => {
  it.each(['drop', 'paste'] as const)('by %s, and is asked about', async (kind) => {
    await bring(kind, NIGHT);
    await shown.ask(LONG);
    expect(await shown.answer()).toBe(await ask(LONG, NIGHT));
    await expect(shown.page.locator('#image').getAttribute('alt')).resolves.toContain('night.png');
  });

  it('by choice, and is shown as it is', async () => {
    await shown.choose(NIGHT);
    const image = shown.page.locator('#image');
    await image.waitFor();
    await shown.page.waitForFunction(() => document.querySelector('img')?.naturalWidth === 320);
    await shown.ask('How many objects are in the image?', { kind: 'short' });
    expect(await shown.answer()).toBe(
      await ask('--format', 'short', 'How many objects are in the image?', NIGHT),
    );
  });

  it('by a phone’s camera', async () => {
    await shown.page.setInputFiles('#camera', SHAPES);
    await shown.ask('What color is the circle?');
    expect(await shown.answer()).toBe('The circle is red.');
    expect(await shown.page.locator('#camera').getAttribute('capture')).toBe('environment');
  });

  it('but no file of another kind, nor an empty one', async () => {
    await bring('drop', projectFile('README.md'), 'text/markdown');
    expect(await shown.page.getByRole('alert').innerText()).toBe('“README.md” is not a picture.');
    await shown.page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData('text/uri-list', 'https://example.org/cat.png');
      document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer }));
    });
    expect(await shown.page.getByRole('alert').innerText()).toContain('Save the picture first');
    await shown.ask('What is it?');
    expect(await shown.page.getByRole('alert').innerText()).toBe('Choose a picture first.');
  });

  it('while text that is pasted stays text', async () => {
    await shown.page.getByLabel('Your question').focus();
    await shown.page.evaluate(() => navigator.clipboard.writeText('What is it?'));
    await shown.page.keyboard.press('Control+V');
    expect(await shown.page.getByLabel('Your question').inputValue()).toBe('What is it?');
  });
});

describe('an answer', () => {
  it('comes in pieces, and is that of llava ask', async () => {
    await shown.choose();
    const texts = await watchAnswer();
    await shown.ask(LONG);
    const whole = await shown.answer();
    expect(whole).toBe(await ask(LONG, SHAPES));
    const pieces = await texts();
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces) expect(whole.startsWith(piece)).toBe(true);
  });

  it('is said to be on its way while nothing of it has come', async () => {
    const wait = shown.page.locator('.answer .wait');
    let goOn: () => void = () => undefined;
    const going = new Promise<void>((resolve) => (goOn = resolve));
    await shown.page.route('**/v1/chat/completions', async (route) => {
      await going;
      await route.continue();
    });
    await shown.choose();
    await shown.ask(LONG);
    await wait.getByText('Working · 2 s').waitFor();
    goOn();
    expect(await shown.answer()).toBe(await ask(LONG, SHAPES));
    expect(await wait.innerText()).toBe('');
  });

  it('is stopped on the way, and its sequence is free again', async () => {
    const whole = await ask(LONG, SHAPES);
    await shown.choose();
    await watchAnswer('#stop');
    await shown.ask(LONG);
    const stopped = await shown.answer();
    expect(whole.startsWith(stopped)).toBe(true);
    expect(stopped.length).toBeLessThan(whole.length);
    expect(await (await shown.answered()).locator('.facts').innerText()).toBe('Stopped');
    await expect
      .poll(async () => await (await fetch(`${server.address}/metrics`)).text())
      .toMatch(/^llava_requests_inside 0$/m);
    await shown.choose();
    await shown.ask('What color is the circle?');
    expect(await shown.answer()).toBe('The circle is red.');
  });

  it('is stopped by Escape, and by a new picture', async () => {
    await shown.choose();
    await watchAnswer();
    await shown.ask(LONG);
    await shown.page.keyboard.press('Escape');
    await shown.page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
    await shown.ask(LONG);
    await shown.choose(NIGHT);
    await shown.page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
    expect(await shown.page.locator('.turn').count()).toBe(0);
  });

  it('is cut at the limit of tokens, and says so', async () => {
    await shown.choose();
    await shown.page.getByRole('button', { name: 'Options' }).click();
    await shown.page.getByLabel('Most tokens').fill('3');
    await shown.ask(LONG);
    expect(await shown.answer()).toBe(await ask('--max-tokens', '3', LONG, SHAPES));
    expect(await (await shown.answered()).locator('.facts').innerText()).toContain('cut at the limit');
  });

  it('is sampled as llava ask samples it', async () => {
    await shown.choose();
    await shown.page.getByRole('button', { name: 'Options' }).click();
    await shown.page.getByLabel('Temperature').fill('1.5');
    await shown.page.getByLabel('Top-p').fill('0.95');
    await shown.page.getByLabel('Seed').fill('5');
    await shown.ask(LONG);
    const sampled = await ask('--temperature', '1.5', '--top-p', '0.95', '--seed', '5', LONG, SHAPES);
    expect(await shown.answer()).toBe(sampled);
  });
});

describe('a conversation', () => {
  it('goes on as a chat does, formats included', async () => {
    await shown.choose();
    const answers: string[] = [];
    const steps = [
      ['What color is the circle?', 'free'],
      ['Where is it?', 'short'],
      ['Where is the star?', 'free'],
    ] as const;
    for (const [question, kind] of steps) {
      await shown.ask(question, { kind });
      answers.push(await shown.answer());
    }
    const lines = steps.flatMap(([question, kind]) => [`/format ${kind}`, question]);
    const chat = await runLlava(['chat', SHAPES], { stdin: 'pipe', input: `${lines.join('\n')}\n` });
    expect(answers.join('\n')).toBe(chat.stdout.trimEnd());
  });

  it('sends its turns along, and begins anew with a new picture', async () => {
    const bodies: { messages: { role: string; content: unknown }[] }[] = [];
    shown.page.on('request', (request) => {
      if (request.method() === 'POST') bodies.push(request.postDataJSON() as (typeof bodies)[number]);
    });
    await shown.choose();
    await shown.ask('What color is the circle?', { kind: 'short' });
    await shown.answer();
    await shown.ask('Where is it?');
    await shown.answer();
    await shown.choose(await writeRedCircle(folder));
    await shown.ask('Where is the circle?');
    await shown.answer();
    const roles = bodies.map(({ messages }) => messages.map(({ role }) => role));
    expect(roles).toEqual([['user'], ['user', 'assistant', 'user'], ['user']]);
    const [asked, answered] = bodies[1]!.messages;
    expect(asked?.content).toMatchObject([
      { type: 'image_url' },
      { text: 'What color is the circle?\nAnswer the question using a single word or phrase.' },
    ]);
    expect(answered).toEqual({ role: 'assistant', content: 'Red' });
  });

  it('is had with the keyboard alone', async () => {
    const { page } = shown;
    // Before the key: the browser must know first that its dialogue is not to be shown.
    const dialogue = page.waitForEvent('filechooser');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('drop');
    await page.keyboard.press('Enter');
    await (await dialogue).setFiles(SHAPES);
    await page.waitForFunction(() => document.activeElement?.id === 'question');
    await page.keyboard.type('What color is the circle?');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    expect(await shown.answer()).toBe('The circle is red.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('S');
    await page.waitForFunction(() => document.querySelector('select')?.value === 'short');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('Where is the star?');
    for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.foot:not([hidden])').length === 2);
    expect(await shown.answer()).toBe('Right');
    // The button went and came back meanwhile.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('ask');
  });

  it('shows where the keyboard is', async () => {
    const { page } = shown;
    await shown.choose();
    for (let tabs = 0; tabs < 8; tabs++) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate(() => {
        const { activeElement } = document;
        if (activeElement === null || activeElement === document.body) return 'body';
        const places = [activeElement, activeElement.nextElementSibling, activeElement.parentElement];
        return places.some((place) => place !== null && getComputedStyle(place).outlineStyle === 'solid');
      });
      expect(outline).not.toBe(false);
    }
  });
});
