import * as v from 'valibot';
import { addressOf, partSchema } from '../batch/rows/openai-messages.js';
import type { Turn } from '../llava/conversation.js';
import { checkBody } from './check-body.js';
import { RequestProblem } from './request-problem.js';

/** A conversation about one picture, ready for the next answer. */
export interface Conversation {
  /** A data URL or an address. */
  readonly image: string;
  readonly systemText: string | undefined;
  readonly turns: readonly Turn[];
  readonly question: string;
}

const messageSchema = v.object({
  role: v.picklist(['system', 'developer', 'user', 'assistant']),
  content: v.union([v.string(), v.array(partSchema)]),
});

/** A message with what it holds; the picture stands first in LLaVA's prompt, wherever it is in the message. */
interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly text: string;
  readonly images: readonly string[];
  /** Where it is in the request. */
  readonly at: string;
}

/**
 * The conversation of a request: system text, if any, then user and assistant in turn, the user last. The first turn has
 * the picture, as in training.
 * @throws RequestProblem 400 for every other order, no picture, or more than one
 */
export function readConversation(messages: readonly unknown[]): Conversation {
  const read = messages.map(readMessage);
  const start = read.findIndex(({ role }) => role === 'user' || role === 'assistant');
  const system = start === -1 ? read : read.slice(0, start);
  const spoken = start === -1 ? [] : read.slice(start);
  const image = findImage(read, spoken[0]);
  for (const [index, message] of spoken.entries()) {
    const wanted = index % 2 === 0 ? 'user' : 'assistant';
    if (message.role !== wanted)
      throw problem(message, `is from "${message.role}", but it is the turn of "${wanted}"`);
  }
  const last = spoken.at(-1);
  if (last?.role !== 'user')
    throw new RequestProblem(400, 'The last message is not from "user": there is nothing to answer.', {
      param: 'messages',
    });
  const turns: Turn[] = [];
  for (const [index, { role, text }] of spoken.entries())
    if (role === 'assistant') turns.push({ question: spoken[index - 1]?.text ?? '', answer: text });
  return {
    image,
    systemText: system.length === 0 ? undefined : system.map(({ text }) => text).join('\n'),
    turns,
    question: last.text,
  };
}

function readMessage(message: unknown, index: number): Message {
  const at = `messages[${index}]`;
  const { role, content } = checkBody(messageSchema, message, at);
  if (typeof content === 'string') return { role, text: content, images: [], at };
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const images = content.flatMap((part) => (part.type === 'image_url' ? [addressOf(part)] : []));
  return { role, text: texts.join('\n'), images, at };
}

/** The only picture, which the first turn holds. */
function findImage(messages: readonly Message[], first: Message | undefined): string {
  const [image, ...more] = messages.flatMap(({ images }) => images);
  if (image === undefined)
    throw new RequestProblem(400, 'There is no picture: the first message from "user" needs an image_url.', {
      param: 'messages',
    });
  if (more.length > 0)
    throw new RequestProblem(
      400,
      `There are ${more.length + 1} pictures, and the model sees one at a time: ask about each in a request of its own.`,
      { param: 'messages' },
    );
  if (first?.role !== 'user' || first.images.length === 0)
    throw new RequestProblem(400, 'The picture belongs in the first message from "user".', {
      param: 'messages',
    });
  return image;
}

function problem({ at }: Message, what: string): RequestProblem {
  return new RequestProblem(400, `"${at}" ${what}.`, { param: at });
}
