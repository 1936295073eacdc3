import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChatTerminal, KEYS } from '../helpers/chat-terminal.js';
import { projectFile } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder, 'red circle.png');
const square = await writeBlueSquare(folder);
const shapes = projectFile('examples/shapes.png');
const env = { XDG_DATA_HOME: join(folder, 'data') };

describe('llava chat on a terminal', { timeout: 120_000 }, () => {
  it('shows a picture, answers, follows up, switches, takes back, saves, loads and leaves', async () => {
    using chat = new ChatTerminal([circle], { env });
    await chat.waitFor('300×300');
    await chat.waitFor('▀');
    await chat.waitFor(/tokens · demo · cpu · .*red circle\.png/);
    await chat.say('What color is the circle?', 'The circle is red.');
    await chat.say('/format short', 'Format: short');
    await chat.say('Is there a square in the image?', /No\n/);
    await chat.say('/stats', /evaluated|tokens/);
    await chat.say(`/image "${square}"`, 'square.png · 300×300');
    await chat.say('What color is the square?', /Blue\n/);
    await chat.say('/undo', 'Taken back: "What color is the square?". 0 turns left.');
    await chat.say('/image 1', 'continues after 2 turns');
    const saved = join(folder, 'chat.json');
    await chat.say(`/save ${saved}`, /aved/);
    expect(existsSync(saved)).toBe(true);
    expect(JSON.parse(readFileSync(saved, 'utf8'))).toMatchObject({
      turns: [{ answer: 'The circle is red.' }, {}],
    });
    await chat.say('/clear', 'A new conversation');
    await chat.say(`/load ${saved}`, /2 turns/);
    await chat.say('/nonsense', /error: .*nonsense/);
    chat.type(KEYS.ctrlD);
    expect(await chat.exitCode).toBe(0);
  });

  it('leaves at the second Ctrl-C on an empty line', async () => {
    using chat = new ChatTerminal([shapes], { env });
    await chat.waitFor('demo · cpu');
    chat.type(KEYS.ctrlC);
    await chat.waitFor('Ctrl-C again leaves');
    chat.type(KEYS.ctrlC);
    expect(await chat.exitCode).toBe(0);
  });

  it('edits wide characters and emoji, lines of their own, and finds what was said before', async () => {
    using chat = new ChatTerminal([circle], { env });
    await chat.waitFor('demo · cpu');
    chat.type('a👩‍👩‍👧漢b');
    await chat.waitFor('漢b');
    chat.type(KEYS.left + KEYS.backspace);
    await chat.waitFor(/> a.*[^漢]b/u);
    chat.type(KEYS.backspace);
    await chat.waitFor(/> ab/);
    chat.type(`${KEYS.altEnter}second`);
    await chat.waitFor(/> a\n {2}secondb/);
    chat.type(KEYS.ctrlC);
    await chat.waitFor(/> *\n/);
    chat.type(`${KEYS.ctrlR}circle`);
    await chat.waitFor('What color is the circle?');
    chat.type(KEYS.enter);
    await chat.waitFor('The circle is red.');
  });

  it('takes a dropped path, quoted or escaped, for a picture', async () => {
    using chat = new ChatTerminal([], { env });
    await chat.waitFor('Ask about a picture');
    await chat.say('What is this?', /error: There is no picture to ask about yet/);
    chat.type(`\u001b[200~${circle.replaceAll(' ', '\\ ')}\u001b[201~`);
    await chat.waitFor('red circle.png · 300×300');
    await chat.say('What color is the circle?', 'The circle is red.');
  });

  it.each([40, 200])('fits %i columns, and another width in the middle of it all', async (columns) => {
    using chat = new ChatTerminal([shapes], { env, columns });
    await chat.waitFor('demo · cpu');
    chat.type(`Describe the image in detail.${KEYS.enter}`);
    chat.resize(60);
    await chat.waitFor(/\.\n>/);
    await chat.say('What color is the circle?', 'The circle is red.');
    expect((await chat.rows()).every((row) => row.length <= Math.max(60, columns))).toBe(true);
  });

  it('goes line by line without escape codes on a dumb terminal', async () => {
    using chat = new ChatTerminal([circle], { env, kind: 'dumb' });
    chat.type('What color is the circle?\r');
    await chat.waitFor('The circle is red.');
    expect(chat.raw).not.toContain('\u001b[');
  });

  it('has no colours where they are not wanted', async () => {
    using chat = new ChatTerminal([circle, '--preview', 'none'], { env: { ...env, NO_COLOR: '1' } });
    await chat.waitFor('demo · cpu');
    await chat.say('What color is the circle?', 'The circle is red.');
    expect(chat.raw).not.toMatch(/\u001b\[(?:3|4|9)\d/);
  });
});
