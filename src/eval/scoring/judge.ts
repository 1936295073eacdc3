/** What a judge model is asked, with the fields by which its answer is found again. */
export interface JudgeRequest {
  readonly fields: Readonly<Record<string, string | number>>;
  readonly judge: Readonly<Record<string, string | number>>;
  readonly system?: string;
  readonly user: string;
}

/** A line of a judge's input: the fields, then a chat-completions request. */
export function judgeRequest({ fields, judge, system, user }: JudgeRequest): string {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: user },
  ];
  return `${JSON.stringify({ ...fields, ...judge, messages })}\n`;
}

/**
 * The tables of examples that MM-Vet and its relatives show the judge.
 * Source: `mm-vet_evaluator.py` and `v2/mm-vet-v2_evaluator.py` (yuweihao/MM-Vet), `vip-bench_evaluator.py`
 * (WisconsinAIVision/ViP-LLaVA), all Apache-2.0; word for word, for a judge's grade depends on it.
 */

const SCORES = '0.0 (totally wrong), 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, or 1.0 (totally right)';
const OPENING =
  'Compare the ground truth and prediction from AI models, to give a correctness score for the prediction. ';
const RULES =
  '<AND> in the ground truth means it is totally right only when all elements in the ground truth are present in the ' +
  'prediction, and <OR> means it is totally right when any one element in the ground truth is present in the ' +
  `prediction. The correctness score is ${SCORES}. Just complete the last space of the correctness score.\n\n`;

const EQUATION = 'What is x in the equation';
const ROOTS = '-1 <AND> -5';
const MEME = 'Can you explain this meme';
const MEME_TRUTH =
  'This meme is poking fun at the fact that the names of the countries Iceland and Greenland are misleading. Despite ' +
  'its name, Iceland is known for its beautiful green landscapes, while Greenland is mostly covered in ice and snow. ' +
  'The meme is saying that the person has trust issues because the names of these countries do not accurately ' +
  'represent their landscapes.';
const MEME_SHORT =
  "The meme talks about Iceland and Greenland. It's pointing out that despite their names, Iceland is not very icy " +
  "and Greenland isn't very green.";
const MEME_LONG =
  "The meme is using humor to point out the misleading nature of Iceland's and Greenland's names. Iceland, despite " +
  "its name, has lush green landscapes while Greenland is mostly covered in ice and snow. The text 'This is why I " +
  "have trust issues' is a playful way to suggest that these contradictions can lead to distrust or confusion. The " +
  'humor in this meme is derived from the unexpected contrast between the names of the countries and their actual ' +
  'physical characteristics.';

const HEADER = ['Question', 'Ground truth', 'Prediction', 'Correctness'];
const RULE_LINE = ['---', '---', '---', '---'];

/** The seven examples; `tails` stand behind their questions. */
function examples(tails: readonly string[]): readonly (readonly string[])[] {
  const tail = (index: number) => tails[index] ?? tails[0] ?? '';
  return [
    [`${EQUATION}${tail(0)}`, ROOTS, 'x = 3', '0.0'],
    [`${EQUATION}${tail(1)}`, ROOTS, 'x = -1', '0.5'],
    [`${EQUATION}${tail(2)}`, ROOTS, 'x = -5', '0.5'],
    [`${EQUATION}${tail(3)}`, ROOTS, 'x = -5 or 5', '0.5'],
    [`${EQUATION}${tail(4)}`, ROOTS, 'x = -1 or x = -5', '1.0'],
    [`${MEME}${tail(5)}`, MEME_TRUTH, MEME_SHORT, '0.4'],
    [`${MEME}${tail(6)}`, MEME_TRUTH, MEME_LONG, '1.0'],
  ];
}

function plainTable(tails: readonly string[]): string {
  const rows = [HEADER, RULE_LINE, ...examples(tails)].map((cells) => `${cells.join(' | ')}\n`);
  return `${OPENING}${RULES}${rows.join('')}`;
}

const yellow = ' within the yellow rectangle?';
const blue = ' within the blue rectangle?';

export const MM_VET_TABLE = plainTable(['?']);

export const VIP_BENCH_TABLE = plainTable([
  yellow,
  yellow,
  yellow,
  ' within the red rectangle?',
  ' within the orange rectangle?',
  blue,
  blue,
]);

/** With bars at both ends, and `<image>` where a picture is. */
export const MM_VET_V2_TABLE = `${OPENING}<image> in the question indicates where an image is. ${RULES}${[
  HEADER,
  RULE_LINE,
  ...examples(['?<image>']),
]
  .map((cells) => `| ${cells.join(' | ')} |\n`)
  .join('')}`;
