import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** This machine's own Chromium, without a window. @throws Error that says how to get one, when there is none */
export async function openChromium(): Promise<Browser> {
  // Chromium's sandbox is not for root, which tests in containers run as.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return await chromium.launch({ executablePath: findChromium(), args });
}

function findChromium(): string {
  const { CHROMIUM, PATH = '' } = process.env;
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  const candidates =
    CHROMIUM === undefined || CHROMIUM === ''
      ? NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
      : [CHROMIUM];
  const found = candidates.find(canRun);
  if (found !== undefined) return found;
  throw new Error(
    CHROMIUM === undefined || CHROMIUM === ''
      ? `There is no Chromium on the PATH (${NAMES.join(', ')}). Install one (apt-get install chromium), or name its program in CHROMIUM.`
      : `CHROMIUM is "${CHROMIUM}", which is no program.`,
  );
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
