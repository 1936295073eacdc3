import * as v from 'valibot';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { RESPONSE_FORMATS, type ResponseFormat } from '../llava/response-format.js';
import type { ChatTurn } from './chat-turn.js';

const FORMATS = Object.keys(RESPONSE_FORMATS) as [ResponseFormat, ...ResponseFormat[]];
/** A file with more is none of ours. */
export const MAX_CONVERSATION_BYTES = 10e6;

const questionSchema = v.strictObject({
  text: v.string(),
  format: v.picklist(FORMATS),
  choices: v.exactOptional(v.pipe(v.array(v.string()), v.minLength(2), v.maxLength(26))),
  labels: v.exactOptional(v.pipe(v.array(v.string()), v.minLength(2))),
});

const turnSchema = v.strictObject({
  question: questionSchema,
  request: v.string(),
  answer: v.string(),
  stop: v.picklist(['end', 'max-tokens', 'context-full', 'stopped']),
});

const conversationSchema = v.strictObject({
  llava: v.literal('chat'),
  version: v.literal(1),
  model: v.string(),
  system: v.exactOptional(v.string()),
  picture: v.strictObject({
    /** A file's absolute path, or an address. */
    place: v.string(),
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    /** From 1. */
    frame: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    page: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  turns: v.pipe(v.array(turnSchema), v.maxLength(10_000)),
});

/** A saved conversation about one picture. */
export interface Conversation {
  readonly model: string;
  readonly system?: string;
  readonly picture: {
    readonly place: string;
    readonly sha256: string;
    readonly frame?: number;
    readonly page?: number;
  };
  readonly turns: readonly ChatTurn[];
}

/** Marks the lines of a Markdown file that hold the conversation for `/load`. */
const MARK = 'llava-chat';

export function writeConversationJson(conversation: Conversation): string {
  return `${JSON.stringify({ llava: 'chat', version: 1, ...conversation }, null, 2)}\n`;
}

/** For people; what `/load` needs stands in a comment at the end. */
export function writeConversationMarkdown(conversation: Conversation): string {
  const { picture, model, turns } = conversation;
  const said = turns.map(
    ({ question, answer }) => `**${markdownText(askedText(question))}**\n\n${markdownText(answer)}\n`,
  );
  // No two dashes may stand in a comment.
  const data = JSON.stringify({ llava: 'chat', version: 1, ...conversation }).replaceAll('--', '-\\u002d');
  const head = `# Chat about a picture\n\n![picture](<${encodeURI(picture.place)}>)\n\nAnswers of ${markdownText(model)}.\n`;
  return [head, ...said, `<!-- ${MARK} ${data} -->\n`].join('\n');
}

/**
 * Reads what either of the two above wrote.
 * @throws ExpectedError('input') that says what does not fit
 */
export function parseConversation(text: string, path: string): Conversation {
  const comment = new RegExp(`<!-- ${MARK} (.*) -->\\s*$`).exec(text)?.[1];
  let content: unknown;
  try {
    content = JSON.parse(comment ?? text);
  } catch (error) {
    throw notAConversation(path, 'is not a saved chat', error);
  }
  const result = v.safeParse(conversationSchema, content);
  if (result.success) {
    const { model, system, picture, turns } = result.output;
    return { model, picture, turns, ...(system === undefined ? {} : { system }) };
  }
  const [issue] = result.issues;
  const place = v.getDotPath(issue) ?? 'the file';
  throw notAConversation(
    path,
    `is not a saved chat of this version: ${place} is ${issue.received}, not ${issue.expected}`,
  );
}

function notAConversation(path: string, problem: string, cause?: unknown): ExpectedError {
  return new ExpectedError('input', `${quote(path)} ${problem}.`, {
    hint: 'Name a file that /save wrote',
    cause,
  });
}

function askedText({ text, choices = [] }: ChatTurn['question']): string {
  return [text, ...choices.map((choice) => `· ${choice}`)].join(' ');
}

/** Text that shows as it is: no markup, one line for each line. */
function markdownText(text: string): string {
  return text.replace(/[\\`*_[\]<>#|]/g, '\\$&').replaceAll('\n', '  \n');
}
