import { createInterface } from 'node:readline';
import { ChatSession } from '../../chat/chat-session.js';
import { describeSeveral } from '../../chat/look-at-pictures.js';
import { runLine } from '../../chat/run-line.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { Io } from '../../terminal/io.js';
import { lineView } from '../../terminal/line-view.js';
import { reportError } from '../../terminal/report-error.js';
import { loadable, modelFinder } from './chat-models.js';
import type { ChatStart } from './chat-start.js';
import { localChatHost } from './local-chat-host.js';
import type { CommandContext } from '../command-context.js';
import { pictureWishes } from '../options/picture-options.js';

/**
 * The chat without an interface: a line in, an answer out; stdout is the answers.
 * @returns 3 when some line failed: the others were done
 */
export async function chatByLines(start: ChatStart, context: CommandContext): Promise<ExitCode> {
  const { io, signal } = context;
  const { album, settings, engine, flags } = start;
  const host = localChatHost(context, pictureWishes(flags));
  const model = loadable(engine, context);
  await using session = new ChatSession(album, settings, lineView(io), model, modelFinder(flags, context));
  const [first] = start.pictures;
  album.add(start.pictures);
  if (start.pictures.length > 1) session.view.note(describeSeveral(start.pictures.length));
  if (first !== undefined) await session.look(first, signal);
  // Weights that do not load are an error of the command, not of a line.
  await session.ready();
  let failed = 0;
  for await (const line of joinedLines(io, signal)) {
    try {
      if (!(await runLine(session, host, line, signal))) break;
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExpectedError)) throw error;
      reportError(io, error);
      failed++;
    }
  }
  signal.throwIfAborted();
  return failed > 0 ? EXIT_CODES.someFailed : EXIT_CODES.ok;
}

/** Lines of stdin that are not empty; a backslash at the end takes the next line in. */
async function* joinedLines(io: Io, signal: AbortSignal): AsyncGenerator<string> {
  const lines = createInterface({ input: io.stdin, terminal: false, signal });
  const showMark = io.stdinIsTerminal ? () => io.stderr.write('> ') : () => true;
  let before = '';
  showMark();
  for await (const line of lines) {
    if (line.endsWith('\\')) {
      before += `${line.slice(0, -1)}\n`;
      continue;
    }
    const whole = before + line;
    before = '';
    if (whole.trim() !== '') yield whole;
    showMark();
  }
  if (before.trim() !== '') yield before;
}
