import xterm from '@xterm/headless';
import { spawn, type IPty } from 'node-pty';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from './run-llava.js';

const WAIT_MS = 40_000;

/** As somebody's own terminal: with any value of CI, neither ink nor chalk takes it for one. */
const USERS_ENVIRONMENT = Object.fromEntries(
  Object.entries({ ...process.env, ...TEST_ENVIRONMENT }).filter(
    ([name]) => !['CI', 'NO_COLOR', 'COLORTERM', 'TERM_PROGRAM', 'TMUX'].includes(name),
  ),
);

/** Keys by what terminals send for them. */
export const KEYS = {
  enter: '\r',
  altEnter: '\u001b\r',
  ctrlC: '\u0003',
  ctrlD: '\u0004',
  ctrlL: '\u000c',
  ctrlR: '\u0012',
  ctrlZ: '\u001a',
  tab: '\t',
  up: '\u001b[A',
  left: '\u001b[D',
  backspace: '\u007f',
} as const;

/** `llava chat` in a real terminal, whose screen is drawn by a terminal emulator that can be read. */
export class ChatTerminal implements Disposable {
  readonly #pty: IPty;
  readonly #screen: xterm.Terminal;
  /** All bytes that came, escape codes included. */
  raw = '';
  readonly exitCode: Promise<number>;

  constructor(
    args: readonly string[],
    options: {
      columns?: number;
      kind?: string;
      cwd?: string;
      env?: Record<string, string>;
      /** A program to start in place of the chat, such as a shell. */
      program?: readonly [string, ...string[]];
    } = {},
  ) {
    const { columns = 80, env = {}, kind = 'xterm-256color', cwd = projectFile('.') } = options;
    const [file, ...words] = options.program ?? [process.execPath, LLAVA, 'chat', ...args];
    this.#screen = new xterm.Terminal({ cols: columns, rows: 30, allowProposedApi: true });
    this.#pty = spawn(file, words, {
      name: kind,
      cols: columns,
      rows: 30,
      cwd,
      env: { ...USERS_ENVIRONMENT, ...env },
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data);
    });
    this.exitCode = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => {
        resolve(exitCode);
      });
    });
  }

  /** Of the program that was started. */
  get pid(): number {
    return this.#pty.pid;
  }

  /** Rows that have text, those scrolled away included. */
  async rows(): Promise<readonly string[]> {
    await new Promise<void>((resolve) => {
      this.#screen.write('', resolve);
    });
    const { active } = this.#screen.buffer;
    return Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    );
  }

  /** The cells of all rows down to the last that has text, with their colours. */
  async cells(): Promise<readonly (readonly xterm.IBufferCell[])[]> {
    const rows = await this.rows();
    const last = rows.findLastIndex((row) => row !== '');
    const { active } = this.#screen.buffer;
    return rows.slice(0, last + 1).map((_, row) => {
      const line = active.getLine(row);
      return Array.from({ length: this.#screen.cols }, (__, column) => line?.getCell(column)).filter(
        (cell) => cell !== undefined,
      );
    });
  }

  async text(): Promise<string> {
    return (await this.rows()).join('\n');
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** Types a line, sends it, and waits for what it brings. */
  async say(line: string, brings: string | RegExp): Promise<void> {
    this.type(line);
    await this.waitFor(line.slice(-20));
    this.type(KEYS.enter);
    await this.waitFor(brings);
  }

  async waitFor(wanted: string | RegExp): Promise<void> {
    const start = performance.now();
    for (;;) {
      const text = await this.text();
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return;
      if (performance.now() - start > WAIT_MS)
        throw new Error(`${String(wanted)} did not appear in:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  resize(columns: number): void {
    this.#screen.resize(columns, 30);
    this.#pty.resize(columns, 30);
  }

  [Symbol.dispose](): void {
    this.#pty.kill('SIGKILL');
    this.#screen.dispose();
  }
}
