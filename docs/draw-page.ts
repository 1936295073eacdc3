/* Draws docs/page.png, the server's page in a browser, from a real session: npx tsx docs/draw-page.ts (after a build) */
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { openChromium } from '../test/helpers/chromium.js';
import { PageInBrowser } from '../test/helpers/page-in-browser.js';
import { RunningServer } from '../test/helpers/running-server.js';

await using server = await RunningServer.start('--model', 'demo');
const browser = await openChromium();
try {
  await using shown = await PageInBrowser.open(browser, server.address, {
    colorScheme: 'light',
    viewport: { width: 1280, height: 740 },
    deviceScaleFactor: 1.5,
    reducedMotion: 'reduce',
  });
  await shown.choose();
  await shown.ask('Is the star large or small?', { kind: 'labels', items: 'large, small' });
  await shown.page.locator('.foot:visible').nth(0).waitFor();
  await shown.ask('the green triangle', { kind: 'box' });
  await shown.page.locator('.foot:visible').nth(1).waitFor();
  await shown.page.mouse.move(0, 0);
  const picture = await shown.page.screenshot();
  writeFileSync('docs/page.png', await sharp(picture).png({ compressionLevel: 9, palette: true }).toBuffer());
} finally {
  await browser.close();
}
