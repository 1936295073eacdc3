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
