import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';

/** What a page of one's own may weigh, in bytes. */
const LARGEST = 60_000;
const page = readFileSync(projectFile('dist/page.html'), 'utf8');
let server: RunningServer;
let response: Response;

beforeAll(async () => {
  server = await RunningServer.start();
  response = await fetch(server.address);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const blockOf = (element: string) =>
  [...page.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))].map(([, text]) => text!);

describe('the page', () => {
  it('is one small file that asks for no other', async () => {
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(LARGEST);
    expect(await response.text()).toBe(page);
    expect(page).not.toMatch(/<(?:link|script|img|iframe)[^>]*(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/ style="| on[a-z]+="/);
    // Names of SVG’s language are no addresses that anybody asks.
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
  });

  it('may run what it was built with and nothing else', () => {
    expect([blockOf('script').length, blockOf('style').length]).toEqual([1, 1]);
    expect(response.headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(blockOf('script')[0]!)}`,
      `style-src ${hashOf(blockOf('style')[0]!)}`,
      'img-src blob: data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it('keeps to itself', () => {
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is counted by its path', async () => {
    const metrics = await (await fetch(`${server.address}/metrics`)).text();
    expect(metrics).toMatch(/llava_requests_total\{path="\/",status="200"\} 1/);
  });
});
