import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChatTerminal, KEYS } from '../helpers/chat-terminal.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeRandomPair } from '../reference/random-pair.js';

const folder = temporaryFolder();
const shapes = projectFile('examples/shapes.png');
/** Random weights hardly ever end their turn, and say anything at all. */
const random = writeRandomPair(join(folder, 'random'), { textWidth: 512, textBlocks: 8 });
const endlessly = ['--gguf', random.model, '--mmproj', random.mmproj, '--max-tokens', '100000'];
const env = { XDG_DATA_HOME: join(folder, 'data') };

/** Waits for so many characters of the answer. */
async function answered(chat: ChatTerminal, characters: number): Promise<void> {
  await chat.waitFor(new RegExp(`> What is it\\?\\n[^]{${characters}}`));
}

describe('an answer that goes on and on', { timeout: 60_000 }, () => {
  it('is stopped, keeps what is there, and is a turn as any other', async () => {
    using chat = new ChatTerminal([...endlessly, '--preview', 'none', shapes], { env });
    await chat.waitFor('/2048 tokens');
    chat.type(`What is it?${KEYS.enter}`);
    await answered(chat, 300);
    chat.type(KEYS.ctrlC);
    await chat.waitFor('Stopped.');
    const [, answer = ''] = /What is it\?\n([^]*)\nStopped\./.exec(await chat.text()) ?? [];
    expect(answer.length).toBeGreaterThan(200);
    await chat.say('/undo', 'Taken back: "What is it?". 0 turns left.');
    chat.type(KEYS.ctrlD);
    expect(await chat.exitCode).toBe(0);
  });

  it('is left, with the terminal as it was', async () => {
    using chat = new ChatTerminal([...endlessly, '--preview', 'none', shapes], { env });
    await chat.waitFor('/2048 tokens');
    chat.type(`What is it?${KEYS.enter}`);
    await answered(chat, 100);
    chat.type(KEYS.ctrlD);
    expect(await chat.exitCode).toBe(0);
    expect(chat.raw).toContain('\u001b[?2004l');
    expect(chat.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(chat.raw.lastIndexOf('\u001b[?25l'));
    expect(await chat.text()).not.toContain('tokens');
  });

  it('goes on in a terminal that is made smaller and larger meanwhile', async () => {
    using chat = new ChatTerminal([...endlessly, '--preview', 'none', shapes], { env, columns: 100 });
    await chat.waitFor('/2048 tokens');
    chat.type(`What is it?${KEYS.enter}`);
    await answered(chat, 200);
    chat.resize(40);
    await answered(chat, 350);
    chat.resize(120);
    await answered(chat, 500);
    chat.type(KEYS.ctrlC);
    await chat.waitFor(/\n>\n\d+\/2048 tokens[^\n]*\n*$/);
    expect((await chat.text()).split('answering').length).toBeLessThan(3);
  });
});

describe('the context', { timeout: 60_000 }, () => {
  it('is said to fill up before it is full, and the oldest turns go when asked', async () => {
    using chat = new ChatTerminal(['--preview', 'none', '--context', '256', shapes], { env });
    await chat.waitFor('/256 tokens');
    for (let turn = 1; turn < 20 && !(await chat.text()).includes('[Y/n]'); turn++) {
      chat.type(`Where is the star?${KEYS.enter}`);
      await chat.waitFor(new RegExp(`\\[Y/n\\]|(?:The star is[^]*){${turn}}\\n>\\n`));
    }
    expect(await chat.text()).toContain('The context is filling up');
    chat.type('y');
    await chat.waitFor(/\n>\n\d+\/256 tokens[^\n…]*\n*$/);
    expect(await chat.text()).not.toContain('[Y/n]');
  });
});

it('shows the name of a file on the screen without its control characters', { timeout: 60_000 }, async () => {
  const name = join(folder, 'a\u001b]0;owned\u0007\u001b[2Jb.png');
  copyFileSync(shapes, name);
  using chat = new ChatTerminal(['--preview', 'none', name], { env, columns: 200 });
  await chat.waitFor('480×320');
  await chat.say('/image', '0 turns');
  await chat.say('/save nowhere/x.json', 'error:');
  expect(chat.raw).not.toContain(']0;owned\u0007');
  expect(chat.raw).not.toContain('\u001b[2J');
});
