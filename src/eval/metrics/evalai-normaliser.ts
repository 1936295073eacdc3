import { splitWords, strip } from '../files/python.js';

/** In the order in which they are looked for. */
const PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!';

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map(
    (word, number) => [word, String(number)] as const,
  ),
).set('none', '0');

const ARTICLES: ReadonlySet<string> = new Set(['a', 'an', 'the']);

/** What most answers are; nothing but the word lists changes it. */
const PLAIN_WORD = /^[a-z0-9]+$/;
const ANY_PUNCTUATION = /[;/[\]"{}()=+\\_\-><@`,?!]/;

/** Python's `\d` is any decimal digit of Unicode. */
const COMMA_IN_NUMBER = /(?<=\p{Nd}),+(?=\p{Nd})/u;
const COMMA_IN_VQA_NUMBER = /\p{Nd},\p{Nd}/u;
const PERIOD = /\.(?!\p{Nd})/gu;

/** The flag `re.UNICODE` (32) stands where `count` is read, so the 33rd period stays. */
const MOST_PERIODS = 32;

/**
 * An answer as EvalAI compares it: small letters, no punctuation, numbers as digits, no articles.
 * Source: `EvalAIAnswerProcessor` in `llava/eval/m4c_evaluator.py` (from facebookresearch/mmf). Quirks that are kept:
 * every comma and question mark goes first, so "1,000" is "1000"; "'s" becomes a word of its own; a mark is deleted
 * when it stands beside a space anywhere in the text and becomes a space otherwise; "3." is "3" and "1.5" stays;
 * "none" is "0"; at most 32 periods go.
 */
export function normaliseAnswer(answer: string): string {
  const small = answer.toLowerCase();
  if (PLAIN_WORD.test(small)) return replaceWords([small]);
  const words = strip(small.replaceAll(',', '').replaceAll('?', '').replaceAll("'s", " 's"));
  return replaceWords(wordsOf(removePunctuation(onOneLine(words), COMMA_IN_NUMBER)));
}

/**
 * A model's answer as the VQA evaluation itself compares it: `normaliseAnswer` without the first step.
 * Source: `vqaEval.py` of GT-Vision-Lab/VQA, `evaluate`.
 */
export function normaliseVqaAnswer(answer: string): string {
  const small = answer.toLowerCase();
  if (PLAIN_WORD.test(small)) return replaceWords([small]);
  return replaceWords(wordsOf(removeVqaPunctuation(onOneLine(answer))));
}

/** What the VQA evaluation does to the people's answers when they differ. Source: as `normaliseVqaAnswer`. */
export function removeVqaPunctuation(answer: string): string {
  return removePunctuation(answer, COMMA_IN_VQA_NUMBER);
}

function onOneLine(text: string): string {
  return strip(text.replaceAll('\n', ' ').replaceAll('\t', ' '));
}

function removePunctuation(text: string, commaInNumber: RegExp): string {
  const spaced = ANY_PUNCTUATION.test(text) ? removeMarks(text, commaInNumber.test(text)) : text;
  if (!spaced.includes('.')) return spaced;
  let periods = 0;
  return spaced.replace(PERIOD, (period) => (periods++ < MOST_PERIODS ? '' : period));
}

function removeMarks(text: string, hasNumberWithComma: boolean): string {
  let result = text;
  for (const mark of PUNCTUATION) {
    if (!result.includes(mark)) continue;
    const besideSpace = text.includes(`${mark} `) || text.includes(` ${mark}`);
    result = result.replaceAll(mark, besideSpace || hasNumberWithComma ? '' : ' ');
  }
  return result;
}

function wordsOf(text: string): readonly string[] {
  return splitWords(text.toLowerCase());
}

function replaceWords(words: readonly string[]): string {
  return words
    .map((word) => NUMBER_WORDS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(' ');
}

/**
 * Contractions as the VQA evaluation spells them.
 * Source: `EvalAIAnswerProcessor.CONTRACTIONS` of facebookresearch/mmf, the table of GT-Vision-Lab/VQA.
 */

/** One apostrophe: looked up without it. */
const ONE_APOSTROPHE =
  "ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's " +
  "isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't shan't should've " +
  "shouldn't somebody'll somebody's someone'd someone'll someone's something'd something'll that's there'd " +
  "there're there's they'd they'll they're they've 'twas wasn't we've weren't what'll what're what's what've " +
  "when's where'd where's where've who'd who'll who's who've why'll why're why's won't would've wouldn't y'all " +
  "you'd you'll you're you've";

/** Two apostrophes: looked up with either of them left out, not with both. */
const TWO_APOSTROPHES =
  "couldn't've hadn't've he'd've it'd've mightn't've she'd've shouldn't've somebody'd've someone'd've " +
  "something'd've there'd've they'd've we'd've who'd've wouldn't've y'all'll you'd've";

/** Three apostrophes: looked up with any one left out. */
const THREE_APOSTROPHES = "'ow's'at y'all'd've";

/**
 * Wrong spelling → right spelling. Quirks of the table that are kept: "somebody'd" loses its apostrophe, "let's" and
 * "she's" stand for themselves, and the entries with a capital I ("Im", "Ive") are never met in small letters, so
 * they are left out.
 */
export const CONTRACTIONS: ReadonlyMap<string, string> = new Map([
  ...`${ONE_APOSTROPHE} ${TWO_APOSTROPHES} ${THREE_APOSTROPHES}`.split(' ').flatMap(misspellings),
  ["somebody'd", 'somebodyd'] as const,
]);

function misspellings(right: string): (readonly [string, string])[] {
  return [...right.matchAll(/'/g)].map(
    ({ index }) => [right.slice(0, index) + right.slice(index + 1), right] as const,
  );
}
