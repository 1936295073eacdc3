import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PageInBrowser } from '../helpers/page-in-browser.js';
import { projectFile } from '../helpers/run-llava.js';

/** A phone, a tablet and a desktop. */
export const SCREENS = [
  { width: 390, height: 844, isPhone: true },
  { width: 768, height: 1024, isPhone: false },
  { width: 1280, height: 800, isPhone: false },
] as const;

/** What the page may look like, and how it comes to that. */
export const STATES = {
  empty: async ({ page }: PageInBrowser) => {
    await page.locator('#model').waitFor();
  },
  answered: async (shown: PageInBrowser) => {
    await shown.choose();
    await shown.ask('Describe the image.');
    await shown.answered();
    await shown.ask('Where is the star?', { kind: 'short' });
    await shown.page.locator('.foot:visible').nth(1).waitFor();
  },
  labels: async (shown: PageInBrowser) => {
    await shown.choose();
    await shown.ask('What color is it?', { kind: 'labels', items: 'red, green, blue, yellow' });
    await shown.answered();
    await shown.page.getByRole('button', { name: 'Options' }).click();
  },
  box: async (shown: PageInBrowser) => {
    await shown.choose(projectFile('examples/night.png'));
    await shown.ask('the star', { kind: 'box' });
    await shown.answered();
  },
  error: async (shown: PageInBrowser) => {
    await shown.choose();
    await shown.ask('What color is the star?', { kind: 'labels', items: 'red' });
    await shown.page.locator('.turn .problem').waitFor();
  },
  key: async ({ page }: PageInBrowser) => {
    await page.route('**/v1/models', (route) => route.fulfill({ status: 401, json: {} }));
    await page.reload();
    await page.locator('#key-form').waitFor();
  },
} as const;

/** Keeps how the page looks, if `LLAVA_SCREENSHOTS` names a folder for that. */
export async function takeScreenshot({ page }: PageInBrowser, name: string): Promise<void> {
  const folder = process.env['LLAVA_SCREENSHOTS'];
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.png`), await page.screenshot({ fullPage: true }));
}
