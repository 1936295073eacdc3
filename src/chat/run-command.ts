import { randomInt } from 'node:crypto';
import { QUESTION_COMMANDS } from '../answer/question-commands.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import type { ChatHost } from './chat-host.js';
import type { ChatSession } from './chat-session.js';
import { countTurns } from './chat-turn.js';
import { describeCommands, type CommandName } from './commands.js';
import { describeAnswer } from './describe-answer.js';
import { readPaths } from './dropped-path.js';
import { loadConversation, saveConversation } from './keep-conversation.js';
import { lookAtLine, lookAtNamed } from './look-at-pictures.js';

/** What a command gets: the session, the world, and what stands behind its name. */
interface Call {
  readonly session: ChatSession;
  readonly host: ChatHost;
  readonly rest: string;
  readonly signal: AbortSignal;
}

/** Temperature of a second try, where the first was greedy. */
const FREER = 0.7;

/** @returns whether the chat goes on @throws ExpectedError when it cannot be done */
export async function runCommand(
  session: ChatSession,
  host: ChatHost,
  name: CommandName,
  rest: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (name === 'exit') return false;
  await HANDLERS[name]({ session, host, rest, signal });
  return true;
}

const HANDLERS: Record<Exclude<CommandName, 'exit'>, (call: Call) => Promise<void> | void> = {
  image: ({ session, host, rest, signal }) => lookAtLine(session, host, rest, signal),
  paste: ({ session, host, signal }) => lookAtNamed(session, host, { words: [], clipboard: true }, signal),
  each: async ({ session, rest, signal }) => {
    await session.ask(session.questionOf(rest), signal, { isIndependent: true });
  },
  format: changeOptions('format'),
  choices: changeOptions('choices'),
  labels: changeOptions('labels'),
  retry,
  undo: ({ session }) => {
    const seen = session.needPicture();
    const last = seen.turns.at(-1);
    if (last === undefined) throw nothingSaid();
    session.setTurns(seen.turns.slice(0, -1));
    session.view.note(`Taken back: ${quote(last.question.text)}. ${countTurns(seen.turns.length)} left.`);
  },
  drop: dropTurns,
  clear: ({ session }) => {
    session.setTurns([]);
    session.view.note('A new conversation about the same picture.');
  },
  system: async ({ session, rest }) => {
    const { settings, view } = session;
    if (rest !== '') settings.systemText = rest === 'default' ? undefined : rest;
    const { engine } = await session.ready();
    const text = settings.systemText ?? engine.info.conversation.systemText;
    view.note(`System text: ${text === '' ? 'none' : text}`);
  },
  save: ({ session, host, rest }) => saveConversation(session, host, onePath(rest, '/save chat.md')),
  load: ({ session, host, rest, signal }) =>
    loadConversation(session, host, onePath(rest, '/load chat.json'), signal),
  copy: async ({ session, host, signal }) => {
    const answer = session.lastAnswer?.turn.answer;
    if (answer === undefined || answer === '') throw nothingSaid();
    if (!(await host.copy(answer, signal)))
      throw new ExpectedError('input', 'No program here can write to the clipboard.', {
        hint: 'Install wl-clipboard (Wayland) or xclip (X11)',
      });
    session.view.note('Copied.');
  },
  model: async ({ session, host, rest }) => {
    if (rest === '') {
      const names = await host.models();
      session.view.note(
        `Model: ${session.status.model}. Downloaded: ${names.join(', ')}. /model NAME switches.`,
      );
      return;
    }
    const { name, engine } = await session.changeModel(rest);
    session.view.note(`Answers come from ${name} on ${engine.info.device} from here on.`);
  },
  stats: ({ session }) => {
    if (session.lastAnswer === undefined) throw nothingSaid();
    session.view.note(describeAnswer(session.lastAnswer, session.status));
  },
  help: ({ session }) => {
    const rows = describeCommands();
    const width = Math.max(...rows.map(([command]) => command.length));
    session.view.note(rows.map(([command, about]) => `${command.padEnd(width)}  ${about}`).join('\n'));
  },
};

/** Changes what questions say from here on. */
function changeOptions(name: keyof typeof QUESTION_COMMANDS): (call: Call) => void {
  return ({ session: { settings, view }, rest }) => {
    const { options, note } = QUESTION_COMMANDS[name].change(rest, settings.question);
    settings.question = options;
    view.note(note);
  };
}

async function retry({ session, rest, signal }: Call): Promise<void> {
  const seen = session.needPicture();
  const { sampling } = session.settings;
  const [temperature, seed, ...more] = rest
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(Number);
  const isFine =
    more.length === 0 &&
    inRange(temperature, 0, 2) &&
    inRange(seed, 0, 2 ** 32 - 1) &&
    (seed === undefined || Number.isInteger(seed));
  if (!isFine)
    throw new ExpectedError(
      'usage',
      `${quote(rest)} is not a temperature from 0 to 2, with an optional whole-number seed.`,
      {
        hint: '/retry 0.7, or /retry 0.7 42',
      },
    );
  const freer = {
    ...sampling,
    temperature: temperature ?? (sampling.temperature > 0 ? sampling.temperature : FREER),
    seed: seed ?? randomInt(2 ** 32 - 1),
  };
  const independent = session.lastIndependent;
  const last = seen.turns.at(-1);
  if (independent !== undefined)
    await session.ask(independent, signal, { sampling: freer, isIndependent: true });
  else if (last !== undefined)
    await session.ask(last.question, signal, { sampling: freer, turns: seen.turns.slice(0, -1) });
  else throw nothingSaid();
}

function dropTurns({ session, rest }: Call): void {
  const seen = session.needPicture();
  const count = rest === '' ? 1 : Number(rest);
  if (!Number.isInteger(count) || count < 1 || count > seen.turns.length)
    throw new ExpectedError(
      'usage',
      `${quote(rest)} cannot be dropped: the conversation has ${countTurns(seen.turns.length)}.`,
      {
        hint: '/drop 2 forgets the two oldest',
      },
    );
  session.setTurns(seen.turns.slice(count));
  session.view.note(`Forgotten: the oldest ${countTurns(count)}. ${countTurns(seen.turns.length)} left.`);
}

function onePath(rest: string, example: string): string {
  const [path] = readPaths(rest);
  if (path !== undefined) return path;
  throw new ExpectedError('usage', 'A file name is missing.', { hint: example });
}

function nothingSaid(): ExpectedError {
  return new ExpectedError('usage', 'Nothing has been answered about this picture yet.', {
    hint: 'Type a question',
  });
}

function inRange(value: number | undefined, min: number, max: number): boolean {
  return value === undefined || (value >= min && value <= max);
}
