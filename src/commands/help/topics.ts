import { EXIT_CODES } from '../../exit-codes.js';
import type { Io } from '../../terminal/io.js';
import { configPath, environmentName, SETTINGS } from '../options/settings.js';

const MEANINGS: Record<keyof typeof EXIT_CODES, string> = {
  ok: 'success; also when the reader of a pipe had enough',
  no: 'with --exit-status or --at-least: no (with several pictures: all were)',
  usage: 'a mistake on the command line, or a picture that cannot be read',
  someFailed: 'some of several pictures, rows of a batch, or lines of a chat failed',
  failed: 'the weights or the engine failed',
  resume: 'told to end by SIGTERM or SIGUSR1, or no server answers any more: run it again',
  interrupted: 'interrupted by Ctrl-C, or the terminal is gone',
};

const STREAMS = `stdout has the answer and nothing else; progress, warnings, errors and --stats go to stderr.

  llava ask QUESTION PICTURE           the answer, and a line break
  llava ask QUESTION PICTURE PICTURE   a line for each: the path, a tab, the answer
  llava ask --json …                   a line for each: one JSON object
  llava batch                          rows of JSONL, in the order of the input

A "-" in the place of a picture is the picture on stdin. If the reader closes the pipe early, llava stops and
reports success. NO_COLOR=1 turns colours off.

More: docs/cli.md
`;

/** What is to be written. */
type Topic = (io: Io) => string | Promise<string>;

/** What `llava help` explains beside commands. */
export const TOPICS: ReadonlyMap<string, Topic> = new Map<string, Topic>([
  ['streams', () => STREAMS],
  ['exit-codes', writeExitCodes],
  ['settings', writeSettings],
]);

function writeExitCodes(): string {
  const lines = Object.entries(EXIT_CODES).map(
    ([name, code]) => `${String(code).padStart(5)}  ${MEANINGS[name as keyof typeof EXIT_CODES]}\n`,
  );
  return `How llava ends:\n\n${lines.join('')}`;
}

async function writeSettings(io: Io): Promise<string> {
  const lines = SETTINGS.map((name) => `  ${name.padEnd(14)}${environmentName(name)}\n`);
  return `Defaults for options, by name in the config file, or in the environment:

${lines.join('')}
The config file: ${await configPath(io)}
  { "model": "13b", "threads": 8 }

The command line overrides the environment, which overrides the file. LLAVA_CONFIG names another file.
`;
}
