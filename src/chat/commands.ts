import { QUESTION_COMMANDS } from '../answer/question-commands.js';
import { RESPONSE_FORMATS } from '../llava/response-format.js';

/** What a command takes, for completion with Tab. */
export type Argument = 'picture' | 'file' | 'format' | 'model' | 'text' | 'none';

interface CommandRow {
  /** What stands behind the name. */
  readonly usage: string;
  readonly about: string;
  readonly argument: Argument;
}

/** All commands of the chat; docs/chat.md shows the same table and a test compares them. */
export const CHAT_COMMANDS = {
  image: {
    usage: '[picture… | number] [options]',
    about: 'look at pictures, named as for llava ask; without any, list them',
    argument: 'picture',
  },
  paste: { usage: '', about: 'look at the picture on the clipboard (Ctrl-V)', argument: 'none' },
  each: { usage: '<question>', about: 'ask without the earlier conversation', argument: 'text' },
  ...QUESTION_COMMANDS,
  retry: {
    usage: '[temperature] [seed]',
    about: 'answer the last question again, sampled',
    argument: 'text',
  },
  undo: { usage: '', about: 'take back the last question and its answer', argument: 'none' },
  drop: { usage: '[turns]', about: 'forget the oldest turns, to make room', argument: 'text' },
  clear: { usage: '', about: 'forget what was said about this picture', argument: 'none' },
  system: {
    usage: '[text]',
    about: 'set the system text; "default" restores the one used in training',
    argument: 'text',
  },
  save: {
    usage: '<file.md | file.json>',
    about: 'save the conversation about this picture',
    argument: 'file',
  },
  load: { usage: '<file>', about: 'continue a saved conversation', argument: 'file' },
  copy: { usage: '', about: 'put the last answer on the clipboard', argument: 'none' },
  model: { usage: '[name]', about: 'switch the model; without a name, list them', argument: 'model' },
  stats: { usage: '', about: 'counts and times of the last answer', argument: 'none' },
  help: { usage: '', about: 'these commands', argument: 'none' },
  exit: { usage: '', about: 'leave (Ctrl-D)', argument: 'none' },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof CHAT_COMMANDS;

const ALIASES: Readonly<Record<string, CommandName>> = { quit: 'exit', picture: 'image', '?': 'help' };

/** What a line means: a command, a name that is none, or what is to be found out (a picture or a question). */
export type ParsedLine =
  | { readonly kind: 'command'; readonly name: CommandName; readonly rest: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly nearest: CommandName | undefined }
  | { readonly kind: 'text'; readonly text: string };

/** A slash and a word begin a command; two slashes, or a path such as `/home/me/cat.png`, do not. */
export function parseLine(line: string): ParsedLine {
  const text = line.trim();
  const [, word, rest = ''] = /^\/([a-z?]+)(?:\s+(.*))?$/is.exec(text) ?? [];
  if (word === undefined) return { kind: 'text', text };
  const name = word.toLowerCase();
  const command = isCommand(name) ? name : ALIASES[name];
  if (command !== undefined) return { kind: 'command', name: command, rest: rest.trim() };
  return { kind: 'unknown', name: word, nearest: nearestCommand(name) };
}

/** Name, usage and purpose of each command, for a table. */
export function describeCommands(): readonly (readonly [string, string])[] {
  return Object.entries(CHAT_COMMANDS).map(([name, { usage, about }]) => [`/${name} ${usage}`.trim(), about]);
}

/** Words that may stand behind a command, where there is a fixed set. */
export function wordsFor(argument: Argument, models: readonly string[]): readonly string[] {
  if (argument === 'format') return Object.keys(RESPONSE_FORMATS);
  return argument === 'model' ? models : [];
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(CHAT_COMMANDS, name);
}

/** The command that begins so, or shares its first letters. */
function nearestCommand(name: string): CommandName | undefined {
  const names = Object.keys(CHAT_COMMANDS).filter(isCommand);
  return (
    names.find((known) => known.startsWith(name)) ??
    names.find((known) => known.slice(0, 2) === name.slice(0, 2))
  );
}
