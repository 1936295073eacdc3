import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ChatTerminal, KEYS } from '../helpers/chat-terminal.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
for (const name of ['shapes.png', 'night.png'])
  copyFileSync(projectFile(`examples/${name}`), join(folder, name));

it('looks as captured, from the first picture to leaving', { timeout: 120_000 }, async () => {
  using chat = new ChatTerminal(['shapes.png'], {
    columns: 60,
    cwd: folder,
    env: { XDG_DATA_HOME: folder, COLORTERM: 'truecolor' },
  });
  const captured = async (name: string) => {
    // Times differ from run to run, and what a picture takes is told when it is evaluated.
    const text = (await chat.text())
      .trimEnd()
      .replace(/\d+ tokens\/s/g, 'N tokens/s')
      .replace(/^\d+(?=\/2048 tokens)/gm, 'N');
    await expect(`${text}\n`).toMatchFileSnapshot(`captures/${name}.txt`);
  };
  /** Says a line and waits until the input line is free again, the status line at rest below it. */
  const say = async (line: string, brings: string) => {
    await chat.say(line, brings);
    await chat.waitFor(/\n>\n\d+\/2048 tokens[^\n…]*\n*$/);
  };

  await chat.waitFor('▀');
  await chat.waitFor(/\n>\n\d+\/2048 tokens/);
  await captured('1-picture');

  await say('Where is the star?', 'The star is');
  await say('/format short', 'Format: short');
  await say('What color is the circle?', 'Red');
  await say('How many objects are in the image?', 'Three');
  await captured('2-three-turns');

  await say('/image night.png', '320×400');
  await say('What color is the background?', 'Black');
  await captured('3-other-picture');

  await say('/image 1', 'continues after 3 turns');
  await say('/undo', 'Taken back');
  await captured('4-back-and-undone');

  await say('/save talk.json', 'Saved 2 turns');
  await say('/clear', 'A new conversation');
  await say('/load talk.json', 'Loaded 2 turns');
  await captured('5-saved-and-loaded');

  chat.type(KEYS.ctrlD);
  expect(await chat.exitCode).toBe(0);
  await captured('6-left');
});
