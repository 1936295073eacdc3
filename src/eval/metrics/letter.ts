const SCIENCEQA_LETTERS = 'ABCDE';

/**
 * The letter of a ScienceQA answer, by the first rule that fits: the text is a letter A to E; it starts with one and
 * ". "; it says "The answer is X." exactly once. Undefined otherwise.
 * Source: `llava/eval/eval_science_qa.py`. Quirks that are kept: "b" and "B." alone are no answer, and any character
 * may stand where the third rule's full stop does.
 */
export function parseScienceQaLetter(text: string): string | undefined {
  const first = text.charAt(0);
  const startsWithLetter = first !== '' && SCIENCEQA_LETTERS.includes(first);
  if (startsWithLetter && (text.length === 1 || text.startsWith('. ', 1))) return first;
  const said = [...text.matchAll(/The answer is ([A-Z])[^\n]/g)];
  return said.length === 1 ? said[0]?.[1] : undefined;
}

/**
 * The letter of a multiple-choice answer that is nothing but the letter, with or without `.`, `)`, `:` or brackets,
 * or the letter with one of them and text behind it. Undefined otherwise: the official evaluation then asks a judge.
 * Source: rule matching before the ChatGPT fall-back, MMBench paper, section 4.2; only its unmistakable cases.
 */
export function parseChoiceLetter(text: string): string | undefined {
  return /^\(?([A-Z])(?:$|[.):](?:\s|$))/.exec(text.trim())?.[1];
}
