import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ChatTerminal, KEYS } from '../helpers/chat-terminal.js';
import { LLAVA } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/* A shell with job control, the chat as its job, in a real terminal. */

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);

/** A shell without bracketed paste of its own, so that what is set is the chat's. */
function openShell(): ChatTerminal {
  const shell = new ChatTerminal([], {
    program: ['bash', '--norc', '--noprofile', '-i'],
    env: { PS1: 'shell$ ', INPUTRC: '/dev/null', XDG_DATA_HOME: join(folder, 'data') },
  });
  shell.type(`bind 'set enable-bracketed-paste off'; clear\r`);
  return shell;
}

async function startChat(shell: ChatTerminal, ...flags: readonly string[]): Promise<void> {
  await shell.waitFor('shell$');
  shell.type(`${[process.execPath, LLAVA, 'chat', circle, ...flags].join(' ')}\r`);
  await shell.waitFor(/tokens · demo · cpu/);
}

/** What the shell finds set on its terminal: canonical input, its echo, signals of keys. */
async function modes(shell: ChatTerminal, mark: string): Promise<string> {
  shell.type(
    `stty -a | grep -oE -- '-?\\b(icanon|echo|isig)\\b' | xargs echo ${mark}:; echo ${mark}-''end\r`,
  );
  await shell.waitFor(`${mark}-end`);
  return new RegExp(`^${mark}: (.*)$`, 'm').exec(await shell.text())?.[1] ?? '';
}

/** The only process that a shell has started. */
async function childOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=', '-o', 'ppid=']);
  const row = stdout.split('\n').find((line) => line.trim().split(/\s+/)[1] === String(pid));
  return Number(row?.trim().split(/\s+/)[0]);
}

/** Whether the terminal was told last to show the cursor, and to mark pastes. */
function lastMode(raw: string, mode: string): string {
  return new RegExp(`.*\u001b\\[\\?${mode}([hl])`, 's').exec(raw)?.[1] ?? 'never';
}

describe.skipIf(process.platform === 'win32')('Ctrl-Z in the chat', { timeout: 120_000 }, () => {
  it('stops it, gives the terminal to the shell, and fg goes on where it was, more than once', async () => {
    using shell = openShell();
    await startChat(shell);
    const before = 'What color is ';
    shell.type(before);
    await shell.waitFor(`> ${before.trim()}`);
    shell.type(KEYS.ctrlZ);
    await shell.waitFor('Stopped');
    expect(await modes(shell, 'first')).toBe('isig icanon echo');
    expect(lastMode(shell.raw, '2004')).toBe('l');
    expect(lastMode(shell.raw, '25')).not.toBe('l');
    // The rows that the chat draws anew are gone; what is finished is still there.
    const text = await shell.text();
    expect(text).not.toContain(`> ${before}`);
    expect(text).toContain('300×300');

    shell.type('fg\r');
    await shell.waitFor(new RegExp(`fg\\n[^]*> ${before.trim()}`));
    expect(lastMode(shell.raw, '2004')).toBe('h');
    shell.type('the circle?\r');
    await shell.waitFor('The circle is red.');
    expect((await shell.text()).match(/300×300/g)).toHaveLength(1);

    shell.type(KEYS.ctrlZ);
    await shell.waitFor(/Stopped[^]*Stopped/);
    shell.type('fg\r');
    await shell.waitFor(/fg\n[^]*fg\n[^]*tokens · demo/);
    await shell.say('/undo', 'Taken back: "What color is the circle?". 0 turns left.');
    shell.type(KEYS.ctrlD);
    await shell.waitFor(/0 turns left[^]*shell\$\s*$/);
    expect(await modes(shell, 'last')).toBe('isig icanon echo');
  });

  it('stops it from outside as well, and brings the screen back after a stop that cannot be seen coming', async () => {
    using shell = openShell();
    await startChat(shell);
    shell.type('half a line');
    await shell.waitFor('> half a line');
    const job = await childOf(shell.pid);
    process.kill(job, 'SIGTSTP');
    await shell.waitFor('Stopped');
    expect(await modes(shell, 'told')).toBe('isig icanon echo');
    shell.type('fg\r');
    await shell.waitFor(/fg\n[^]*> half a line/);
    process.kill(job, 'SIGSTOP');
    await shell.waitFor(/Stopped[^]*Stopped/);
    shell.type('fg\r');
    await shell.waitFor(/> half a line\n[^\n]*tokens · demo/);
    shell.type(`${KEYS.backspace}ds`);
    await shell.waitFor('> half a linds');
  });

  it('stops an answer that is being given, which goes on after fg', async () => {
    using shell = openShell();
    await startChat(shell, '--temperature', '2', '--seed', '3', '--max-tokens', '400');
    shell.type('Describe the image in detail.\r');
    await shell.waitFor('answering');
    shell.type(KEYS.ctrlZ);
    await shell.waitFor('Stopped');
    shell.type('fg\r');
    await shell.waitFor(/tokens\/s/);
    await shell.say('/stats', /answer: \d+ tokens|tokens per second|evaluated/);
  });
});

it.skipIf(process.platform === 'win32')('Ctrl-Z without a shell leaves the chat as it is', async () => {
  using chat = new ChatTerminal([circle], { env: { XDG_DATA_HOME: join(folder, 'data') } });
  await chat.waitFor('demo · cpu');
  chat.type('What color is ');
  await chat.waitFor('> What color is');
  chat.type(KEYS.ctrlZ);
  await new Promise((resolve) => setTimeout(resolve, 600));
  chat.type('the circle?\r');
  await chat.waitFor('The circle is red.');
});

it('Ctrl-L empties the screen and draws what is being typed again', async () => {
  using chat = new ChatTerminal([circle], { env: { XDG_DATA_HOME: join(folder, 'data') } });
  await chat.waitFor('demo · cpu');
  chat.type('What color is ');
  await chat.waitFor('> What color is');
  chat.type(KEYS.ctrlL);
  await chat.waitFor(/^\s*> What color is ?\n[^\n]*tokens · demo/);
});
