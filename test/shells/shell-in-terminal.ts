import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn, type IPty } from 'node-pty';
import { LLAVA, TEST_ENVIRONMENT } from '../helpers/run-llava.js';

export type InteractiveShell = 'bash' | 'zsh' | 'fish';

/** How a shell starts without anybody's settings. */
const START: Record<InteractiveShell, readonly string[]> = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i'],
  fish: ['--no-config', '-i'],
};

const TEACH: Record<InteractiveShell, string> = {
  bash: 'source <(llava completion bash)',
  zsh: 'autoload -Uz compinit && compinit -D && source <(llava completion zsh)',
  fish: 'llava completion fish | source',
};

const PROMPT = /[$>#%] \r?$/;

/** A shell in a real terminal, with llava's completions. */
export class ShellInTerminal {
  readonly #terminal: IPty;
  #screen = '';

  /** @param folder where it is, and where a `llava` is put that completes as the real one does but else shows its arguments */
  constructor(shell: InteractiveShell, folder: string) {
    const program = join(folder, 'llava');
    writeFileSync(
      program,
      `#!${process.execPath}
if (/^complet(e|ion)$/.test(process.argv[2])) void import(${JSON.stringify(LLAVA)});
else console.log('ARGUMENTS' + JSON.stringify(process.argv.slice(2)) + 'END');
`,
    );
    chmodSync(program, 0o755);
    this.#terminal = spawn(shell, [...START[shell]], {
      cols: 160,
      rows: 40,
      cwd: folder,
      env: {
        ...process.env,
        ...TEST_ENVIRONMENT,
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
        HOME: folder,
        TERM: 'xterm',
        PS1: '$ ',
        HISTFILE: '',
      },
    });
    this.#terminal.onData((data) => {
      this.#screen += stripVTControlCharacters(data);
    });
  }

  /** Waits for the prompt, then reads the completions. */
  async teach(shell: InteractiveShell): Promise<void> {
    await this.#seen(PROMPT);
    this.#terminal.write(`${TEACH[shell]}; echo TAU''GHT\r`);
    await this.#seen(/TAUGHT\r?\n[^]*[$>#%] \r?$/);
  }

  /** Types a line, presses Tab, then Enter: what llava was called with. */
  async complete(typed: string): Promise<readonly string[]> {
    this.#screen = '';
    // Enter waits in the terminal until the shell has done with Tab.
    this.#terminal.write(`${typed}\t\r`);
    const [, json = ''] = await this.#seen(/ARGUMENTS(\[.*?\])END[^]*[$>#%] \r?$/s);
    return JSON.parse(json.replace(/\r?\n/g, '')) as readonly string[];
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#terminal.onExit(resolve));
    this.#terminal.kill();
    await ended;
  }

  async #seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < 20_000; waited += 20) {
      const match = pattern.exec(this.#screen);
      if (match !== null) return match;
      await pause(20);
    }
    throw new Error(`${String(pattern)} did not appear:\n${this.#screen}`);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
