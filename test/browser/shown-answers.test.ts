import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/chromium.js';
import { PageInBrowser, SHAPES } from '../helpers/page-in-browser.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
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

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Record {
  readonly width: number;
  readonly height: number;
  readonly rectangle: Place;
  readonly probabilities: readonly { choice: string; probability: number }[];
}

/** The record of `llava ask --json`, which the page must show. */
async function record(...args: string[]): Promise<Record> {
  return JSON.parse((await runLlava(['ask', '--json', ...args])).stdout) as Record;
}

async function placeOf(selector: string): Promise<Place> {
  return await shown.page.locator(selector).evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  });
}

async function expectBox({ rectangle, width, height }: Record): Promise<void> {
  await shown.page.locator('#box').waitFor();
  const [image, box] = [await placeOf('#image'), await placeOf('#box')];
  expect(image.width / image.height).toBeCloseTo(width / height, 1);
  const scale = image.width / width;
  const wanted = [rectangle.x, rectangle.y, rectangle.width, rectangle.height].map((value) => value * scale);
  const found = [box.x - image.x, box.y - image.y, box.width, box.height];
  for (const [index, value] of wanted.entries())
    expect(Math.abs(found[index]! - value)).toBeLessThanOrEqual(1);
}

describe('a box', () => {
  it.each(['examples/shapes.png', 'examples/night.png'])(
    'lies where the record says, on %s',
    async (name) => {
      const path = projectFile(name);
      for (const [width, height] of [
        [1280, 800],
        [390, 844],
      ] as const) {
        await shown.page.setViewportSize({ width, height });
        await shown.choose(path);
        await shown.ask('the star', { kind: 'box' });
        await shown.answered();
        await expectBox(await record('--format', 'box', 'the star', path));
      }
    },
  );

  it.each([3, 6, 8])('lies there too when EXIF turns the picture (%i)', async (orientation) => {
    const path = join(folder, `turned-${orientation}.jpg`);
    writeFileSync(path, await sharp(SHAPES).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer());
    await shown.choose(path);
    await shown.ask('the circle', { kind: 'box' });
    await shown.answered();
    const told = await record('--format', 'box', 'the circle', path);
    expect(told.width > told.height).toBe(orientation === 3);
    await expectBox(told);
  });

  it('goes with the next question, and comes back when it is asked for', async () => {
    await shown.choose();
    await shown.ask('the star', { kind: 'box' });
    await shown.answered();
    const first = shown.page.locator('.turn').first();
    await shown.ask('What color is the circle?', { kind: 'free' });
    await shown.page.waitForFunction(() => document.querySelectorAll('.foot:not([hidden])').length === 2);
    await shown.page.locator('#box').waitFor({ state: 'hidden' });
    await first.getByRole('button', { name: 'Show box' }).click();
    await expectBox(await record('--format', 'box', 'the star', SHAPES));
    await shown.page.getByRole('button', { name: 'Hide box' }).click();
    await shown.page.locator('#box').waitFor({ state: 'hidden' });
  });
});

describe('bars', () => {
  /** Names, widths as shares of the track, and the figures beside. */
  async function bars(): Promise<readonly { name: string; share: number; told: string }[]> {
    await shown.answered();
    return await shown.page.locator('.bars li').evaluateAll((items) =>
      items.map((item) => {
        const width = (selector: string) => item.querySelector(selector)?.getBoundingClientRect().width ?? 0;
        const text = (selector: string) => item.querySelector(selector)?.textContent ?? '';
        return {
          name: text('.choice'),
          share: width('.fill') / width('.track'),
          told: text('.share'),
        };
      }),
    );
  }

  it.each([
    ['labels', 'small, large', ['--labels', 'small,large', '--probabilities'], 'What color is the star?'],
    ['letter', 'red\nblue', ['--choice', 'red', '--choice', 'blue', '--probabilities'], 'What color is it?'],
    ['yes-no', undefined, ['--yes-no'], 'Is there a circle in the image?'],
  ] as const)('of %s are as long as they are probable', async (kind, items, flags, question) => {
    const { probabilities } = await record(...flags, question, SHAPES);
    await shown.choose();
    await shown.ask(question, { kind, ...(items === undefined ? {} : { items }) });
    const drawn = await bars();
    const sorted = [...probabilities].sort((a, b) => b.probability - a.probability);
    expect(drawn.map(({ name }) => name)).toEqual(sorted.map(({ choice }) => choice));
    for (const [index, { probability }] of sorted.entries()) {
      expect(drawn[index]!.share).toBeCloseTo(probability, 2);
      const told = Number(drawn[index]!.told.replace(/[<>% ]/g, ''));
      expect(Math.abs(told / 100 - probability)).toBeLessThanOrEqual(0.001);
    }
  });

  it('are the most probable twelve of many labels', async () => {
    const labels = ['red', 'blue', ...Array.from({ length: 28 }, (_, index) => `label ${index}`)];
    await shown.choose();
    await shown.ask('What color is the star?', { kind: 'labels', items: labels.join(', ') });
    expect(await shown.answer()).toBe('blue');
    const drawn = await bars();
    expect(drawn).toHaveLength(13);
    expect(drawn[0]!.name).toBe('blue');
    expect(await shown.page.locator('.bars li').last().innerText()).toBe('and 18 less probable');
  });

  it('stand beside the choice that a letter means', async () => {
    await shown.choose();
    await shown.ask('What color is the star?', { kind: 'letter', items: 'red\n\nblue' });
    expect(await shown.answer()).toBe('B – blue');
  });
});

describe('other kinds of answers', () => {
  it.each([
    ['short', 'What color is the star?', ['--format', 'short']],
    ['caption', '', ['--format', 'caption']],
    ['detailed', 'Describe the image.', ['--format', 'detailed']],
    ['unanswerable', 'What color is the square?', ['--format', 'unanswerable']],
    ['region', '37, 10, 131, 106', ['--format', 'region']],
  ] as const)('are those of llava ask: %s', async (kind, question, flags) => {
    await shown.choose();
    await shown.ask(question, { kind });
    const { stdout } = await runLlava(['ask', ...flags, question, SHAPES]);
    expect(await shown.answer()).toBe(stdout.trimEnd());
  });

  it('keep what was typed for each while one looks at others', async () => {
    const [kind, items] = [shown.page.getByLabel('Kind of answer'), shown.page.locator('#items')];
    await kind.selectOption('labels');
    await items.fill('red, blue');
    await kind.selectOption('letter');
    await items.fill('one\ntwo');
    await kind.selectOption('free');
    expect(await items.isVisible()).toBe(false);
    await kind.selectOption('labels');
    expect(await items.inputValue()).toBe('red, blue');
    await kind.selectOption('letter');
    expect(await items.inputValue()).toBe('one\ntwo');
  });
});

it('a picture that the browser cannot show is asked about all the same', async () => {
  const path = join(folder, 'shapes.tiff');
  writeFileSync(path, await sharp(SHAPES).tiff().toBuffer());
  await shown.choose(path);
  await shown.page.getByText('This browser cannot show the picture').waitFor();
  await shown.ask('What color is the circle?', { kind: 'free' });
  expect(await shown.answer()).toBe('The circle is red.');
});
