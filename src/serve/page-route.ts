import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Handler } from 'hono';
import { packageFile } from '../files/package-file.js';

/** What is sent of the page. */
interface PageFile {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers with the page, which is read when it is first asked for. */
export function pageRoute(): Handler {
  let file: Promise<PageFile> | undefined;
  return async (context) => {
    file ??= readPage();
    const { html, headers } = await file;
    return context.body(html, 200, headers);
  };
}

async function readPage(): Promise<PageFile> {
  const html = await readFile(packageFile('dist/page.html'), 'utf8');
  return {
    html,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': securityPolicy(html),
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    },
  };
}

/** The page runs what it was built with and nothing else, talks to this server only, and is framed by nobody. */
function securityPolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script', html)}`,
    `style-src ${hashesOf('style', html)}`,
    'img-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashesOf(element: string, html: string): string {
  const blocks = html.matchAll(new RegExp(`<${element}\\b[^>]*>(.*?)</${element}>`, 'gs'));
  const hashes = Array.from(blocks, ([, text = '']) => createHash('sha256').update(text).digest('base64'));
  return hashes.map((hash) => `'sha256-${hash}'`).join(' ');
}
