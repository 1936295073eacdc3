import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatTerminal } from '../helpers/chat-terminal.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/* The clipboard of an X server without a screen, as xclip fills and reads it. */

const isHere = ['Xvfb', 'xclip'].every((program) => spawnSync(program, ['-version']).error === undefined);
const folder = temporaryFolder();

describe.runIf(isHere)('the picture on the clipboard', { timeout: 60_000 }, () => {
  let server: ChildProcess;
  let env: Record<string, string>;
  const copy = (...args: readonly string[]) =>
    execFileSync('xclip', ['-selection', 'clipboard', '-in', ...args], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });

  beforeAll(async () => {
    server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const [number] = (await once(createInterface(server.stdio[3] as NodeJS.ReadableStream), 'line')) as [
      string,
    ];
    env = { DISPLAY: `:${number}`, WAYLAND_DISPLAY: '' };
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  });

  it('is none at first, and text is none', async () => {
    const empty = await runLlava(['ask', 'What is it?', '--clipboard'], { env });
    expect(empty).toMatchObject({ exitCode: 2, stdout: '' });
    expect(empty.stderr).toMatch(/^error: There is no picture on the clipboard\.\ntry: /);
    copy(projectFile('package.json'));
    const text = await runLlava(['ask', 'What is it?', '--clipboard'], { env });
    expect(text).toMatchObject({ exitCode: 2, stdout: '' });
    // xclip, as the owner of what was copied, gives it as whatever is asked for.
    expect(text.stderr).toMatch(/^error: Picture "clipboard" is not a picture but text: .*\ntry: /);
  });

  it('is asked about, alone and beside a file', async () => {
    const circle = await writeRedCircle(folder);
    copy('-target', 'image/png', circle);
    const ask = ['ask', '-f', 'short', 'What color is the circle?', '--clipboard'];
    expect(await runLlava(ask, { env })).toMatchObject({ exitCode: 0, stdout: 'Red\n' });
    expect(await runLlava([...ask, circle], { env })).toMatchObject({
      exitCode: 0,
      stdout: `${circle}\tRed\nclipboard\tRed\n`,
    });
  });

  it('is pasted into a chat by command, option and Ctrl-V', async () => {
    copy('-target', 'image/png', await writeRedCircle(folder));
    const question = 'What color is the circle?';
    for (const [input, ...args] of [
      [`/paste\n${question}`],
      [`/image --clipboard\n${question}`],
      [question, '--clipboard'],
    ])
      expect(
        await runLlava(['chat', '-f', 'short', ...args], { env, input: input ?? '', stdin: 'pipe' }),
      ).toMatchObject({ exitCode: 0, stdout: 'Red\n' });
    using chat = new ChatTerminal([], { env });
    await chat.waitFor('Ask about a picture');
    chat.type('\u0016');
    await chat.waitFor('clipboard · 300×300');
    await chat.say(question, 'The circle is red.');
    await chat.say('/copy', 'Copied.');
    const copied = execFileSync('xclip', ['-selection', 'clipboard', '-out'], {
      env: { ...process.env, ...env },
    });
    expect(copied.toString()).toBe('The circle is red.');
  });
});
