import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ExpectedError } from '../llava/expected-error.js';
import type { AnswerRecord } from '../answer/answer-record.js';
import type { ScoredChoice } from '../engine/engine.js';
import type { Io } from './io.js';
import { printable } from './printable.js';
import { reportError } from './report-error.js';

/** One answered picture, as `--json` writes it; times in milliseconds. */
export interface PictureRecord extends AnswerRecord {
  /** The picture's path, or what else it is called. */
  readonly picture: string;
  readonly ms: {
    readonly picture: number;
    readonly encode: number;
    readonly look: number;
    readonly question: number;
    readonly answer: number;
  };
}

/** How answers reach stdout; failures of single pictures reach stderr in each of the ways. */
export interface AnswerWriter {
  /** A piece of the answer that is being given. */
  text(piece: string): Promise<void>;
  /** The whole answer. */
  finish(record: PictureRecord): Promise<void>;
  /** This picture has no answer. */
  fail(picture: string, error: ExpectedError): Promise<void>;
}

/** One answer, shown as it comes, closed by one line break. */
export function streamingWriter(io: Io): AnswerWriter {
  const show = (text: string) => write(io.stdout, io.stdoutIsTerminal ? printable(text) : text);
  return {
    text: show,
    finish: async ({ probabilities }) => {
      if (probabilities === undefined) await show('\n');
      else for (const row of choiceRows(probabilities)) await show(`${row}\n`);
    },
    fail: (_, error) => report(io, error),
  };
}

/** `yes<TAB>0.9731`. */
export function verdictWriter(io: Io): AnswerWriter {
  return {
    text: () => Promise.resolve(),
    finish: ({ answer, probabilities = [] }) =>
      write(io.stdout, `${answer}\t${likeliest(probabilities).probability.toFixed(4)}\n`),
    fail: (_, error) => report(io, error),
  };
}

/** `path<TAB>answer`, one line a picture: line breaks and tabs of both become spaces. */
export function lineWriter(io: Io): AnswerWriter {
  const field = (text: string) => printable(text.replace(/\s+/g, ' '));
  return {
    text: () => Promise.resolve(),
    finish: ({ picture, answer, value, probabilities }) => {
      const probability =
        probabilities === undefined ? [] : [likeliest(probabilities).probability.toFixed(4)];
      // White space within JSON's texts is theirs.
      const said = value === undefined ? field(answer) : printable(JSON.stringify(value));
      return write(io.stdout, `${[field(picture), said, ...probability].join('\t')}\n`);
    },
    fail: (_, error) => report(io, error),
  };
}

/** One JSON object a line; a picture without an answer has `error` in its place. */
export function jsonWriter(io: Io): AnswerWriter {
  const row = (value: unknown) => write(io.stdout, `${JSON.stringify(value)}\n`);
  return {
    text: () => Promise.resolve(),
    finish: row,
    fail: async (picture, error) => {
      await report(io, error);
      await row({ picture, error: { kind: error.kind, message: error.message, hint: error.hint } });
    },
  };
}

/** `0.9731<TAB>red`, the most probable first. */
function choiceRows(choices: readonly ScoredChoice[]): readonly string[] {
  return choices
    .toSorted((a, b) => b.probability - a.probability)
    .map(({ choice, probability }) => `${probability.toFixed(4)}\t${choice}`);
}

function likeliest(choices: readonly ScoredChoice[]): ScoredChoice {
  return choices.reduce((most, choice) => (choice.probability > most.probability ? choice : most));
}

async function write(stream: Writable, text: string): Promise<void> {
  if (text !== '' && !stream.write(text)) await once(stream, 'drain');
}

function report(io: Io, error: ExpectedError): Promise<void> {
  reportError(io, error);
  return Promise.resolve();
}
