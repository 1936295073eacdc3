import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHAT_COMMANDS, parseLine } from '../../src/chat/commands.js';
import {
  parseConversation,
  writeConversationJson,
  writeConversationMarkdown,
  type Conversation,
} from '../../src/chat/conversation-file.js';
import { readPaths } from '../../src/chat/dropped-path.js';
import { projectFile } from '../helpers/run-llava.js';
import { Seeded } from '../reference/seeded.js';

describe('a dropped path', () => {
  const unix = { home: '/home/me', isWindows: false };
  it.each([
    ['/a/b.png', '/a/b.png'],
    ["'/a/my cat.png'", '/a/my cat.png'],
    ['"/a/my cat.png" ', '/a/my cat.png'],
    ["'/a/it'\\''s.png'", "/a/it's.png"],
    ['/a/my\\ cat\\ \\(1\\).png', '/a/my cat (1).png'],
    ['file:///a/my%20cat.png', '/a/my cat.png'],
    ['file://localhost/a/b.png', '/a/b.png'],
    ['~/b.png', '/home/me/b.png'],
    ['  cat.png\n', 'cat.png'],
  ])('%s is %s', (text, path) => {
    expect(readPaths(text, unix)[0]).toBe(path);
  });

  it('keeps Windows’ backslashes', () => {
    expect(readPaths('C:\\me\\cat.png', { home: 'C:\\me', isWindows: true })[0]).toBe('C:\\me\\cat.png');
  });

  it.each(['', '  ', 'two\nlines', 'file://share/cat.png'])('is none: %j', (text) => {
    expect(readPaths(text, unix).filter((path) => path !== text)).toEqual([]);
  });
});

describe('a line', () => {
  it.each([
    ['/undo', { kind: 'command', name: 'undo', rest: '' }],
    ['/IMAGE  a b.png ', { kind: 'command', name: 'image', rest: 'a b.png' }],
    ['/quit', { kind: 'command', name: 'exit', rest: '' }],
    ['/imag', { kind: 'unknown', name: 'imag', nearest: 'image' }],
    ['/home/me/cat.png', { kind: 'text', text: '/home/me/cat.png' }],
    ['What is 1/2?', { kind: 'text', text: 'What is 1/2?' }],
    ['//', { kind: 'text', text: '//' }],
  ] as const)('%s', (line, parsed) => {
    expect(parseLine(line)).toEqual(parsed);
  });
});

describe('a saved conversation', () => {
  const turn = (text: string, answer: string) =>
    ({ question: { text, format: 'free' }, request: text, answer, stop: 'end' }) as const;
  const conversation: Conversation = {
    model: 'demo',
    picture: { place: '/a/b c.png', sha256: 'a'.repeat(64) },
    turns: [turn('What is *this*?', 'A cat. --> <b>'), turn('And\nthat?', 'llava-chat {"x": 1} --')],
  };

  it.each([
    ['json', writeConversationJson],
    ['md', writeConversationMarkdown],
  ])('as %s is read as it was written', (_, write) => {
    expect(parseConversation(write(conversation), 'chat')).toEqual(conversation);
  });

  it('shows no markup of its own in Markdown', () => {
    const text = writeConversationMarkdown(conversation);
    expect(text).toContain('**What is \\*this\\*?**');
    expect(text.match(/-->/g)).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another file', '{"a": 1}'],
    ['a later version', JSON.stringify({ llava: 'chat', version: 2, ...conversation })],
    [
      'a wrong hash',
      JSON.stringify({ llava: 'chat', version: 1, ...conversation, picture: { place: 'x', sha256: 'y' } }),
    ],
    ['more than there is', JSON.stringify({ llava: 'chat', version: 1, ...conversation, extra: 1 })],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseConversation(text, 'chat.json')).toThrow(/^"chat\.json" is not a saved chat/);
  });

  it('cut or changed anywhere is refused or read, and never breaks', () => {
    const random = new Seeded(9);
    const text = writeConversationJson(conversation);
    for (let round = 0; round < 500; round++) {
      const at = Math.floor(random.next() * text.length);
      const broken = random.next() < 0.5 ? text.slice(0, at) : `${text.slice(0, at)}"${text.slice(at + 1)}`;
      try {
        parseConversation(broken, 'x');
      } catch (error) {
        expect(error).toMatchObject({ kind: 'input' });
      }
    }
  });
});

it('docs/chat.md has every command with its words', () => {
  const docs = readFileSync(projectFile('docs/chat.md'), 'utf8').replaceAll('\\|', '|');
  for (const [name, { usage, about }] of Object.entries(CHAT_COMMANDS)) {
    expect(docs).toContain(`\`/${name}${usage === '' ? '' : ` ${usage}`}\``);
    expect(docs).toContain(about);
  }
});
