import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';
import { letterOf, type Question } from './response-format.js';

/** One of the answers that there are. */
export interface Choice {
  readonly name: string;
  /** What is printed for it: the letter of an option, or the label itself. */
  readonly answer: string;
  /** How the model may say it. */
  readonly spellings: readonly string[];
}

/** How log-likelihoods are compared: as they are, or divided by the number of tokens. */
export type Normalisation = 'none' | 'length';
export const NORMALISATIONS: readonly Normalisation[] = ['none', 'length'];

/** That an answer is one of several, and whether it is told how likely each was. */
export interface Choosing {
  readonly choices: readonly Choice[];
  /** Undefined when nobody asks. */
  readonly probabilities: Normalisation | undefined;
}

/** Longest label, and most of them: more is a mistake, such as a text file of another kind. */
const MAX_LABEL = 200;
const MAX_LABELS = 20_000;

/** What the answer to a question is one of; undefined when it is free, or asked by the paper's own procedure. */
export function choosingOf(question: Question): Choosing | undefined {
  const { format, choices, labels, unconstrained, probabilities } = question;
  if (unconstrained === true) return undefined;
  if (labels !== undefined) return { choices: labels.map(choiceOfLabel), probabilities };
  if (format !== 'letter' || choices === undefined) return undefined;
  return { choices: choices.map(choiceOfLetter), probabilities };
}

/** @throws ExpectedError('usage') for labels that cannot be told apart, or options that need choices */
export function checkChoosing({ labels, choices, format, unconstrained, probabilities }: Question): void {
  if (labels !== undefined) checkLabels(labels);
  if (labels !== undefined && (choices !== undefined || (format !== 'short' && format !== 'free')))
    throw new ExpectedError('usage', 'Labels go with the short or free format, without choices.', {
      hint: 'Leave out --choice and --format',
    });
  checkDistinct(choices ?? [], 'choice');
  const isChosen = labels !== undefined || choices !== undefined;
  if (probabilities !== undefined && (!isChosen || unconstrained === true))
    throw new ExpectedError('usage', 'Probabilities need choices or labels.', {
      hint: 'Give --choice, --labels or --yes-no, without --unconstrained',
    });
}

function checkLabels(labels: readonly string[]): void {
  if (labels.length < 2 || labels.length > MAX_LABELS)
    throw new ExpectedError('usage', `Give 2 to ${MAX_LABELS} labels, not ${labels.length}.`, {
      hint: '--labels red,green,blue, or --labels-file with one label per line',
    });
  for (const label of labels)
    if (label.trim() === '' || label.length > MAX_LABEL || /[\r\n]/.test(label))
      throw new ExpectedError('usage', `${quote(label)} is not a label.`, {
        hint: `A label is one line of 1 to ${MAX_LABEL} characters`,
      });
  checkDistinct(labels, 'label');
}

/** `red` and `Red` are said alike. */
function checkDistinct(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    const said = capitalise(name.trim());
    if (seen.has(said))
      throw new ExpectedError('usage', `The ${what} ${quote(name)} is given twice.`, {
        hint: `Give each ${what} once`,
      });
    seen.add(said);
  }
}

function choiceOfLetter(name: string, index: number): Choice {
  return { name, answer: letterOf(index), spellings: [letterOf(index)] };
}

/** LLaVA's short answers are capitalised, labels of tables mostly not. */
function choiceOfLabel(name: string): Choice {
  return { name, answer: name, spellings: [...new Set([name, capitalise(name)])] };
}

function capitalise(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length);
}
