import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { ShellInTerminal, type InteractiveShell } from './shell-in-terminal.js';

/** Typed before Tab, and what llava is then called with. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['llava feat', ['features']],
  ['llava models inf', ['models', 'info']],
  ['llava ask --probab', ['ask', '--probabilities']],
  ['llava ask --format unansw', ['ask', '--format', 'unanswerable']],
  ['llava ask --format=unansw', ['ask', '--format=unanswerable']],
  ['llava ask --model dem', ['ask', '--model', 'demo']],
  ['llava pull bakl', ['pull', 'bakllava-1']],
  ['llava eval run textv', ['eval', 'run', 'textvqa']],
  ['llava ask "What is this?" str', ['ask', 'What is this?', 'street.jpg']],
  [
    'llava ask "What\'s (this) \\$HOME?" --model demo my',
    ['ask', "What's (this) $HOME?", '--model', 'demo', 'my photo.PNG'],
  ],
  ['llava ask "" fol', ['ask', '', 'folder']],
  ['llava ask --gguf wei', ['ask', '--gguf', 'weights.gguf']],
  ['llava batch que', ['batch', 'questions.jsonl']],
  ['llava help set', ['help', 'settings']],
  // File names say nothing that a shell should do.
  ['llava ask "" x', ['ask', '', 'x$(touch owned).png']],
  ['llava ask "" y', ['ask', '', 'y`touch owned`.png']],
  ['llava ask "" z', ['ask', '', 'z;touch owned;.png']],
];

const FILES = [
  'street.jpg',
  'my photo.PNG',
  'weights.gguf',
  'questions.jsonl',
  'x$(touch owned).png',
  'y`touch owned`.png',
  'z;touch owned;.png',
];

/** Tests that a shell, with the script for it, completes lines as people type them. */
export function itCompletesLines(shell: InteractiveShell): void {
  const folder = temporaryFolder();
  // The script for fish leaves files to fish, whatever they are.
  const others = shell === 'fish' ? [] : ['street.txt', 'weights.txt'];
  for (const name of [...FILES, ...others]) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'folder'));
  const terminal = new ShellInTerminal(shell, folder);
  beforeAll(() => terminal.teach(shell));
  afterAll(() => terminal.end());

  it.each(LINES)('%s', async (typed, called) => {
    const given = await terminal.complete(typed);
    // Where zsh leaves out the slash, a folder is the last word.
    expect(given.map((word) => word.replace(/\/$/, ''))).toEqual(called);
    expect(existsSync(join(folder, 'owned'))).toBe(false);
  });
}
