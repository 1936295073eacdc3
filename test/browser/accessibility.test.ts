import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../helpers/chromium.js';
import { PageInBrowser } from '../helpers/page-in-browser.js';
import { RunningServer } from '../helpers/running-server.js';
import { SCREENS, STATES, takeScreenshot } from './states.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([RunningServer.start('--model', 'demo'), openChromium()]);
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

/** All that axe finds, and what it cannot decide. */
async function findings(shown: PageInBrowser): Promise<readonly string[]> {
  await shown.page.evaluate(AXE);
  const { violations, incomplete } = await shown.page.evaluate(
    async () => await (window as unknown as { axe: typeof axe }).axe.run(document),
  );
  return [...violations, ...incomplete].map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => html + (any[0]?.message ?? '')).join(' | ')}`,
  );
}

describe.each(SCREENS)('on a screen of $width × $height', ({ width, height, isPhone }) => {
  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each(Object.keys(STATES) as (keyof typeof STATES)[])('%s: everyone can use it', async (state) => {
      await using shown = await PageInBrowser.open(browser, server.address, {
        colorScheme,
        viewport: { width, height },
        hasTouch: isPhone,
        isMobile: isPhone,
        reducedMotion: 'reduce',
      });
      await STATES[state](shown);
      await takeScreenshot(shown, `${state}-${colorScheme}-${width}`);
      const widest = await shown.page.evaluate(() => document.documentElement.scrollWidth);
      expect(widest).toBeLessThanOrEqual(width);
      expect(await findings(shown)).toEqual([]);
      const problems = shown.problems.filter((text) => !text.startsWith('Failed to load resource'));
      expect(problems).toEqual([]);
    });
  });
});

it('nothing moves for those who do not like it', async () => {
  await using shown = await PageInBrowser.open(browser, server.address, { reducedMotion: 'reduce' });
  const moving = await shown.page.evaluate(() => {
    const turn = document.querySelector<HTMLTemplateElement>('#turn')?.content.cloneNode(true);
    if (turn !== undefined) document.querySelector('#turns')?.append(turn);
    return [...document.querySelectorAll('*')].filter((element) => {
      const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
      const after = getComputedStyle(element, '::after').animationName;
      return (
        animationName !== 'none' ||
        after !== 'none' ||
        !/^0s(, 0s)*$/.test(transitionDuration) ||
        scrollBehavior === 'smooth'
      );
    }).length;
  });
  expect(moving).toBe(0);
});

it('an answer is told when it is whole, and buttons have names', async () => {
  await using shown = await PageInBrowser.open(browser, server.address);
  await shown.choose();
  await shown.page.evaluate(() => {
    const seen: boolean[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const answer = document.querySelector('.answer');
      if ((answer?.querySelector('.text')?.textContent ?? '') !== '')
        seen.push(answer?.getAttribute('aria-busy') === 'true');
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await shown.ask('Describe the image.');
  await shown.answer();
  const seen = await shown.page.evaluate(() => (window as unknown as { seen: boolean[] }).seen);
  expect(seen[0]).toBe(true);
  expect(seen.at(-1)).toBe(false);
  expect(await shown.page.locator('#turns').ariaSnapshot()).toContain('log "Questions and answers"');
  for (const button of await shown.page.getByRole('button').all())
    expect((await button.innerText()).trim()).not.toBe('');
});
