import { formatOf, writeBody, type PageQuestion, type PageTurn } from './page-question.js';
import type { PictureSize } from '../../llava/box.js';

/** What a line that asks once more needs to know. */
export interface AskedOnce {
  /** Name of the picture's file, which stands for its path. */
  readonly file: string;
  readonly size: PictureSize;
  readonly turns: readonly PageTurn[];
  readonly question: PageQuestion;
}

/** Where to ask by HTTP. */
export interface AskedWhere {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly address: string;
  /** Whether the shell has to send a key, from its variable `LLAVA_API_KEY`. */
  readonly needsKey: boolean;
}

/** Where the picture will stand in a body. It comes before everything that was typed. */
const PICTURE_PLACE = 'data:;base64,';

/** A command for bash and zsh that sends the same request, whatever characters it holds. */
export function curlLine(
  { file, size, turns, question }: AskedOnce,
  { address, needsKey }: AskedWhere,
): string {
  const body = JSON.stringify(writeBody(PICTURE_PLACE, size, turns, question));
  const at = body.indexOf(PICTURE_PLACE) + PICTURE_PLACE.length;
  const [before, after] = [body.slice(0, at), body.slice(at)].map(shellQuote);
  const key = needsKey ? ' -H "Authorization: Bearer $LLAVA_API_KEY"' : '';
  return (
    `{ printf %s ${before ?? ''}; base64 < ${shellQuote(file)} | tr -d '\\n'; printf %s ${after ?? ''}; } | ` +
    `curl -sS ${shellQuote(`${address}v1/chat/completions`)} -H 'Content-Type: application/json'${key} -d @-`
  );
}

/**
 * A command for bash and zsh that asks the same question with llava itself; it knows nothing of earlier turns.
 * @param model its name, or the path of its file
 */
export function askLine({ file, question }: AskedOnce, model: string): string {
  const { text, sampling } = question;
  const words = [
    'llava',
    'ask',
    ...modelFlags(model),
    ...kindFlags(question),
    ...Object.entries(sampling).flatMap(([name, value]) => [
      `--${name.replace('_', '-')}`,
      String(value as number),
    ]),
    ...(text.startsWith('-') ? ['--'] : []),
    text,
    file.startsWith('-') ? `./${file}` : file,
  ];
  return words.map(shellQuote).join(' ');
}

function modelFlags(model: string): readonly string[] {
  return [/[/\\]|\.gguf$/i.test(model) ? '--gguf' : '--model', model];
}

function kindFlags({ kind, items }: PageQuestion): readonly string[] {
  switch (kind) {
    case 'free':
      return [];
    case 'letter':
      return [...items.map((item) => `--choice=${item}`), '--probabilities'];
    case 'labels':
      return [`--labels=${items.join(',')}`, '--probabilities'];
    case 'yes-no':
      return ['--yes-no'];
    case 'short':
    case 'box':
    case 'region':
    case 'caption':
    case 'detailed':
    case 'unanswerable':
      return ['--format', formatOf(kind)];
  }
}

/** One word of a command line for bash and zsh, on one line. */
export function shellQuote(text: string): string {
  if (/^[\w./:,@%+-]+$/.test(text)) return text;
  const flag = /^--[a-z-]+=/.exec(text)?.[0];
  if (flag !== undefined) return flag + shellQuote(text.slice(flag.length));
  // Line breaks and the like would act on the terminal that the line is pasted in.
  if (/\p{Cc}/u.test(text)) return `$'${escapeForDollarQuotes(text)}'`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** No word can hold a zero. Quotes and exclamation marks go as numbers, which no shell's history takes for its own. */
function escapeForDollarQuotes(text: string): string {
  return text
    .replaceAll('\0', '')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replace(/[\x01-\x1f\x7f'!]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`)
    .replace(/[\x80-\x9f]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
