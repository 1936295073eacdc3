import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { projectFile } from './run-llava.js';

/** The picture that most tests ask about. */
export const SHAPES = projectFile('examples/shapes.png');

/** How a question is put on the page; what is left out stays as it is there. */
export interface Asked {
  readonly kind?: string;
  readonly items?: string;
}

/** The page of a server in a browser, and all that went wrong there. */
export class PageInBrowser implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, violations of the security policy, and requests to other servers. */
  readonly problems: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page, origin: string) {
    this.#context = context;
    this.page = page;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.problems.push(message.text());
    });
    page.on('pageerror', (error) => this.problems.push(error.message));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin)
        this.problems.push(`a request to ${request.url()}`);
    });
  }

  static async open(
    browser: Browser,
    address: string,
    options: BrowserContextOptions = {},
  ): Promise<PageInBrowser> {
    const context = await browser.newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    const page = new PageInBrowser(context, await context.newPage(), address);
    await page.page.goto(address);
    return page;
  }

  /** Chooses a picture as the file dialogue would. */
  async choose(path = SHAPES): Promise<void> {
    await this.page.setInputFiles('#file', path);
  }

  /** Types a question and asks it. */
  async ask(question: string, { kind, items }: Asked = {}): Promise<void> {
    const { page } = this;
    if (kind !== undefined) await page.getByLabel('Kind of answer').selectOption(kind);
    if (items !== undefined) await page.locator('#items').fill(items);
    await page.getByLabel('Your question').fill(question);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
  }

  /** The last turn, when its answer is there. */
  async answered(): Promise<Locator> {
    const turn = this.page.locator('.turn').last();
    await turn.locator('.foot').waitFor();
    return turn;
  }

  /** The text of the last answer, when it is there. */
  async answer(): Promise<string> {
    return await (await this.answered()).locator('.answer .text').innerText();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
