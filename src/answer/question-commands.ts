import { checkChoosing } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { letterOf, RESPONSE_FORMATS, type ResponseFormat } from '../llava/response-format.js';
import type { QuestionOptions } from './question-options.js';

/** What a command of the chat does to the options of all questions that come. */
export interface ChangedOptions {
  readonly options: QuestionOptions;
  /** What to tell the user. */
  readonly note: string;
}

/** How a chat's command is shown, and what it does with the text behind its name. */
export interface QuestionCommand {
  readonly usage: string;
  readonly about: string;
  readonly argument: 'format' | 'text';
  /** @throws ExpectedError('usage') when the text does not fit; nothing is changed then */
  readonly change: (text: string, options: QuestionOptions) => ChangedOptions;
}

/** The chat's commands that set options of questions. */
export const QUESTION_COMMANDS = {
  format: {
    usage: '[format]',
    about: 'set the kind of answer',
    argument: 'format',
    change: changeFormat,
  },
  choices: {
    usage: '[a | b | …]',
    about: 'answer with a letter; without choices, turn this off',
    argument: 'text',
    change: changeChoices,
  },
  labels: {
    usage: '[a | b | …]',
    about: 'answer with one of these; without labels, turn this off',
    argument: 'text',
    change: changeLabels,
  },
} as const satisfies Readonly<Record<string, QuestionCommand>>;

function changeFormat(text: string, options: QuestionOptions): ChangedOptions {
  if (text === '') {
    const names = Object.entries(RESPONSE_FORMATS).map(([name, about]) => `${name.padEnd(12)}  ${about}`);
    return { options, note: [`Format: ${options.format ?? 'free'}`, ...names].join('\n') };
  }
  if (!isFormat(text))
    throw new ExpectedError('usage', `${quote(text)} is not a format.`, {
      hint: `One of ${Object.keys(RESPONSE_FORMATS).join(', ')}`,
    });
  if (text === 'letter' && options.choices === undefined)
    throw new ExpectedError('usage', 'The letter format needs choices.', {
      hint: '/choices red | green | blue',
    });
  const choices = text === 'letter' ? options.choices : undefined;
  return { options: { format: text, choices }, note: `Format: ${text}, ${RESPONSE_FORMATS[text]}.` };
}

function changeChoices(text: string): ChangedOptions {
  const choices = listIn(text);
  if (choices.length === 0)
    return { options: { format: 'free' }, note: 'No choices: answers are free again.' };
  if (choices.length < 2 || choices.length > 26)
    throw new ExpectedError('usage', `Give 2 to 26 choices, not ${choices.length}.`, {
      hint: '/choices red | green | blue',
    });
  const note = choices.map((choice, index) => `${letterOf(index)}. ${choice}`).join('\n');
  return { options: { format: 'letter', choices }, note };
}

function changeLabels(text: string): ChangedOptions {
  const labels = listIn(text);
  if (labels.length === 0) return { options: { format: 'free' }, note: 'No labels: answers are free again.' };
  checkChoosing({ text: '', format: 'short', labels });
  return { options: { format: 'short', labels }, note: `Answers: ${labels.join(', ')}.` };
}

/** What stands between bars, or else between commas. */
function listIn(text: string): readonly string[] {
  return text
    .split(text.includes('|') ? '|' : ',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function isFormat(text: string): text is ResponseFormat {
  return Object.hasOwn(RESPONSE_FORMATS, text);
}
