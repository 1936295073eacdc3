import * as v from 'valibot';
import { MOST_TILES } from '../../llava/tile-pictures.js';
import { checkFields } from './check-fields.js';
import { RowFailure } from './row-error.js';

/** A part of a message: a text, or a picture as a data URL or an address. */
export const partSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({
    type: v.literal('image_url'),
    image_url: v.union([v.string(), v.object({ url: v.pipe(v.string(), v.nonEmpty('an address')) })]),
  }),
]);

type ImagePart = Extract<v.InferOutput<typeof partSchema>, { type: 'image_url' }>;

const messageSchema = v.object({ role: v.string(), content: v.union([v.string(), v.array(v.unknown())]) });

/** What one user message asks. */
export interface MessageQuestion {
  readonly image: string;
  /** More pictures, on one sheet with that one. */
  readonly beside: readonly string[] | undefined;
  /** Its texts, one to a line. */
  readonly text: string;
}

/**
 * The picture stands first in LLaVA's prompt, wherever it is in the message.
 * @param tile several pictures are put on one sheet
 * @throws RowFailure 'unsupported' for system text, several turns, other parts, no picture, several without `tile` or
 * too many with it; 'bad_row'
 */
export function readMessages(messages: readonly unknown[], tile: boolean): MessageQuestion {
  const checked = messages.map((message) => checkFields(messageSchema, message));
  const other = checked.find(({ role }) => role !== 'user');
  if (other !== undefined)
    throw unsupported(
      `a message of role ${JSON.stringify(other.role)}: the system text is LLaVA's own, and a row holds one turn`,
    );
  const [message, ...more] = checked;
  if (message === undefined || more.length > 0)
    throw unsupported(`${checked.length} messages: a row holds one turn`);
  const parts = typeof message.content === 'string' ? [] : message.content.map(readPart);
  const images = parts.filter((part) => part.type === 'image_url');
  const texts = parts.filter((part) => part.type === 'text');
  const [image, ...beside] = images;
  if (image === undefined) throw unsupported('no picture in its message: a question is about one picture');
  if (beside.length > 0 && !tile)
    throw unsupported(
      `${images.length} pictures in a message: a question is about one picture; --tile puts them on one sheet`,
    );
  if (images.length > MOST_TILES)
    throw unsupported(`${images.length} pictures in a message: --tile takes ${MOST_TILES} at most`);
  return {
    image: addressOf(image),
    beside: beside.length === 0 ? undefined : beside.map(addressOf),
    text: texts.map(({ text }) => text).join('\n'),
  };
}

/** The picture that a part holds. */
export function addressOf({ image_url: image }: ImagePart): string {
  return typeof image === 'string' ? image : image.url;
}

function readPart(part: unknown): v.InferOutput<typeof partSchema> {
  const { type } = checkFields(v.object({ type: v.string() }), part);
  if (type !== 'text' && type !== 'image_url')
    throw unsupported(`a part of type ${JSON.stringify(type)}: only text and image_url are supported`);
  return checkFields(partSchema, part);
}

function unsupported(what: string): RowFailure {
  return new RowFailure('unsupported', `The row has ${what}.`);
}
