import { formatBox, parseBox, type PictureSize } from './box.js';
import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';
import { placeRegion, regionText, type Region } from './region.js';

/** The names that `--format` takes, with what each is for. */
export const RESPONSE_FORMATS = {
  free: 'an answer in the model’s own words',
  short: 'a single word or phrase',
  letter: 'the letter of one of the choices',
  caption: 'one sentence about the picture',
  detailed: 'a long explanation',
  unanswerable: 'a word or phrase, or "Unanswerable" when the picture does not tell',
  region: 'a short description of a region (the question is its box)',
  box: 'the bounding box of what the question describes',
} as const;

export type ResponseFormat = keyof typeof RESPONSE_FORMATS;

/** Formatting prompts of the LLaVA-1.5 paper (Tables 7 and 8), word for word. */
const SHORT_PROMPT = 'Answer the question using a single word or phrase.';
const LETTER_PROMPT = "Answer with the option's letter from the given choices directly.";
const CAPTION_PROMPT = 'Provide a one-sentence caption for the provided image.';
const DETAILED_PROMPT = 'Please explain in detail.';
const UNANSWERABLE_PROMPT = "When the provided information is insufficient, respond with 'Unanswerable'.";
const REGION_PROMPT = 'Please provide a short description for this region:';
const BOX_PROMPT = 'Please provide the bounding box coordinate of the region this sentence describes:';

/** What is asked, before it becomes the prompt's text. */
export interface Question {
  readonly text: string;
  readonly format: ResponseFormat;
  /** Options of a `letter` question, 2 to 26, without their letters. */
  readonly choices?: readonly string[];
  /** Words read in the picture by an OCR system; TextVQA's hint line. */
  readonly ocrTokens?: readonly string[];
  /** The answer is exactly one of these; asked for in the short format. */
  readonly labels?: readonly string[];
  /** Whether a letter may be anything else, as in the paper's own procedure. */
  readonly unconstrained?: boolean;
  /** How likely each choice or label is shall be told, compared so. */
  readonly probabilities?: 'none' | 'length' | undefined;
  /** The part of the picture that it is about: stands where the text says `{region}`, or behind the text. */
  readonly region?: Region | undefined;
  /** A free question that is asked as it is, white space at its ends included. */
  readonly isVerbatim?: boolean;
}

/** What stands in a question for its region. */
const REGION_PLACE = '{region}';

/**
 * Checks a question without knowing the picture, so that mistakes are found before anything is loaded.
 * @throws ExpectedError('usage') when the text is empty where one is needed, or choices, box and format disagree.
 */
export function checkQuestion(question: Question): void {
  const { text, format, choices, region } = question;
  if (text.trim() === '' && format !== 'caption' && !(format === 'region' && region !== undefined))
    throw new ExpectedError('usage', 'The question is empty.', {
      hint: 'Give the question first, then the picture: llava ask "What is in the picture?" photo.jpg',
    });
  if (format === 'letter' && (choices === undefined || choices.length < 2 || choices.length > 26))
    throw new ExpectedError(
      'usage',
      `The letter format needs 2 to 26 choices, not ${choices?.length ?? 0}.`,
      { hint: 'Repeat --choice: --choice red --choice blue; for more than 26, use --labels' },
    );
  if (format !== 'letter' && choices !== undefined && choices.length > 0)
    throw new ExpectedError('usage', `Choices go with the letter format, not with "${format}".`, {
      hint: 'Leave out --format, or say --format letter',
    });
  if (choices?.some((choice) => choice.trim() === '' || choice.includes('\n')))
    throw new ExpectedError('usage', 'A choice is empty or has more than one line.', {
      hint: 'Give each --choice a word or phrase',
    });
  checkRegion(question);
}

function checkRegion({ text, format, region }: Question): void {
  if (format === 'region' && region !== undefined && text.trim() !== '')
    throw new ExpectedError(
      'usage',
      `A region question takes no text besides its region, but got ${quote(text)}.`,
      {
        hint: 'Leave the question empty: llava ask "" photo.jpg --region 40,60,200,180',
      },
    );
  if (format === 'region' && region === undefined && parseBox(text) === undefined)
    throw new ExpectedError('usage', `A region question is a box, and "${text}" is not one.`, {
      hint: 'Give left, top, right, bottom: llava ask --format region "40,60,200,180" photo.jpg',
    });
  if (format === 'box' && region !== undefined)
    throw new ExpectedError('usage', 'A box question asks where something is, so it takes no region.', {
      hint: 'Leave out the region, or ask in another format',
    });
}

/**
 * The text of the user's turn: question, OCR hint, options and formatting prompt, one line break between each.
 * @param picture size of the upright picture; places in pixels are turned into fractions of its padded square.
 * @throws ExpectedError('input') when the region reaches out of the picture
 */
export function writeRequest(question: Question, picture: PictureSize): string {
  const { format, ocrTokens, region, isVerbatim = false } = question;
  if (isVerbatim && format === 'free' && ocrTokens === undefined && region === undefined)
    return question.text;
  const text = textOf(question, picture);
  const ocr =
    question.ocrTokens === undefined ? [] : [`Reference OCR token: ${question.ocrTokens.join(', ')}`];
  switch (question.format) {
    case 'free':
      return lines(text, ...ocr);
    case 'short':
      return lines(text, ...ocr, SHORT_PROMPT);
    case 'letter':
      return lines(text, ...ocr, ...letterLines(question.choices ?? []), LETTER_PROMPT);
    case 'caption':
      return lines(...(text === '' ? [] : [text]), ...ocr, CAPTION_PROMPT);
    case 'detailed':
      return lines(text, ...ocr, DETAILED_PROMPT);
    case 'unanswerable':
      return lines(text, ...ocr, UNANSWERABLE_PROMPT, SHORT_PROMPT);
    case 'region':
      return `${REGION_PROMPT} ${text}.`;
    case 'box':
      return `${BOX_PROMPT} ${withFullStop(text)}`;
  }
}

/** `A`, `B`, … for the option at that index (0 to 25). */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}

function letterLines(choices: readonly string[]): readonly string[] {
  return choices.map((choice, index) => `${letterOf(index)}. ${choice.trim()}`);
}

/** The question with its region in LLaVA's text form. */
function textOf({ text, format, region }: Question, picture: PictureSize): string {
  const said = text.trim();
  if (region === undefined) return format === 'region' ? boxText(said, picture) : said;
  const where = regionText(placeRegion(region, picture), picture);
  if (said.includes(REGION_PLACE)) return said.replaceAll(REGION_PLACE, where);
  return said === '' ? where : `${said} ${where}`;
}

/** Numbers up to 1 are fractions of the padded square already; larger ones are pixels of the picture. */
function boxText(text: string, picture: PictureSize): string {
  const box = parseBox(text);
  if (box === undefined) return text;
  return Math.max(...box) <= 1 ? formatBox(box) : regionText(box, picture);
}

function withFullStop(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
