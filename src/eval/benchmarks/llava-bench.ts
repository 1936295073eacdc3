import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { bootstrapFigure, type EvalResult, type Figure } from '../eval-result.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import { readJsonLines } from '../files/read-json.js';
import { groupBy } from '../group-by.js';
import { meanOf } from '../metrics/interval.js';
import { judgeRequest } from '../scoring/judge.js';
import { matchAnswers, note } from '../scoring/match-answers.js';

const FROM = 'https://huggingface.co/datasets/liuhaotian/llava-bench-in-the-wild';
const QUESTIONS = fileOf('questions.jsonl', 'questions', 'to ask and score');
const CONTEXT = fileOf('context.jsonl', 'a description of each picture for the judge', 'to score');
const REFERENCE = fileOf('answers_gpt4.jsonl', 'GPT-4’s answers, which the judge compares with', 'to score');
const PICTURES = fileOf('images', 'pictures', 'to ask');

const questionSchema = v.object({
  question_id: v.number(),
  image: v.string(),
  text: v.string(),
  category: v.picklist(['conv', 'detail', 'complex']),
});
const contextSchema = v.object({ image: v.string(), caption: v.union([v.string(), v.array(v.string())]) });
const referenceSchema = v.object({
  question_id: v.number(),
  text: v.string(),
  answer_id: v.optional(v.string()),
});
const reviewSchema = v.object({
  question_id: v.number(),
  category: v.optional(v.string()),
  content: v.optional(v.string()),
  tuple: v.optional(v.tuple([v.number(), v.number()])),
});

/** Source: `eval_gpt_review_bench.py`. */
const JUDGE = { model: 'gpt-4-0314', temperature: 0.2, max_tokens: 1024 } as const;
const SYSTEM = 'You are a helpful and precise assistant for checking the quality of the answer.';

/** What the judge is told; the same for all three categories. Source: `llava/eval/table/rule.json` (Apache-2.0). */
const RULE =
  'We would like to request your feedback on the performance of two AI assistants in response to the user question ' +
  'displayed above. The user asks the question on observing an image. For your reference, the visual content in the ' +
  'image is represented with a few sentences describing the image. \nPlease rate the helpfulness, relevance, accuracy, ' +
  'level of details of their responses. Each assistant receives an overall score on a scale of 1 to 10, where a higher ' +
  'score indicates better overall performance.\nPlease first output a single line containing only two values ' +
  'indicating the scores for Assistant 1 and 2, respectively. The two scores are separated by a space.\nIn the ' +
  'subsequent line, please provide a comprehensive explanation of your evaluation, avoiding any potential bias and ' +
  'ensuring that the order in which the responses were presented does not affect your judgment.';

/** LLaVA-Bench (in the Wild): free answers, scored by a judge against GPT-4's. */
export const llavaBench: Benchmark = {
  name: 'llava-bench',
  title: 'LLaVA-Bench (in the Wild)',
  measure: 'score relative to GPT-4, %',
  scoredBy: 'judge',
  files: [QUESTIONS, CONTEXT, REFERENCE, PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 1024 },
  published: { all: { '7B': 65.4, '13B': 72.5, '7B LoRA': 67.9, '13B LoRA': 69.5, '13B-HD': 72.0 } },
  alsoPublished: [
    { figure: 'all', model: '7B', value: 63.4, detail: 'earlier' },
    { figure: 'all', model: '13B', value: 70.7, detail: 'earlier' },
  ],
  publishedIn:
    'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md; the earlier ones: a listing of papers’ results',
  remarks: ['Published figures are means of three runs of gpt-4-0314; another judge gives others.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    for await (const { value } of readJsonLines(await needFile(folder, QUESTIONS), questionSchema)) {
      const { question_id: questionId, image, text, category } = value;
      yield { questionId, image, picture: join(pictures, image), text, prompt: text, category };
    }
  },
  /** Source: `eval_gpt_review_bench.py`: the reference is always Assistant 1. */
  async write(folder, file) {
    const questions = await collect(await needFile(folder, QUESTIONS), questionSchema);
    const captions = new Map(
      (await collect(await needFile(folder, CONTEXT), contextSchema)).map(({ image, caption }) => [
        image,
        // The authors' script joins whatever it gets by line breaks, so a plain text comes out a character a line.
        typeof caption === 'string' ? Array.from(caption).join('\n') : caption.join('\n'),
      ]),
    );
    const references = new Map(
      (await collect(await needFile(folder, REFERENCE), referenceSchema)).map((one) => [
        one.question_id,
        one,
      ]),
    );
    const { byId, isAsked } = matchAnswers(
      file,
      questions.map(({ question_id }) => String(question_id)),
      'refused',
    );
    const asked = questions.filter(({ question_id }) => isAsked(String(question_id)));
    const lines = asked.map(({ question_id: id, image, text, category }, position) => {
      const caption = captions.get(image);
      const reference = references.get(id);
      const answer = byId.get(String(id));
      if (caption === undefined || reference === undefined)
        throw new ExpectedError('input', `Question ${id} has no description or no reference answer.`, {
          hint: `Take questions, context and answers_gpt4 of the same release: ${FROM}`,
        });
      return judgeRequest({
        fields: {
          id: position + 1,
          question_id: id,
          answer1_id: reference.answer_id ?? id,
          answer2_id: answer?.answerId ?? id,
          category: `llava_bench_${category}`,
        },
        judge: JUDGE,
        system: SYSTEM,
        user:
          `[Context]\n${caption}\n\n[Question]\n${text}\n\n` +
          `[Assistant 1]\n${reference.text}\n\n[End of Assistant 1]\n\n` +
          `[Assistant 2]\n${answer?.text ?? ''}\n\n[End of Assistant 2]\n\n[System]\n${RULE}\n\n`,
      });
    });
    return [
      {
        name: 'llava-bench-judge.jsonl',
        content: lines.join(''),
        purpose: 'requests for the judge; write its answer into "content" of each line, then summarise',
      },
    ];
  },
  /** Source: `summarize_gpt_review.py`; the paper's figure is the mean of several runs. */
  async summarise(_folder, reviews) {
    const runs = await Promise.all(reviews.map(readReviews));
    const [first = []] = runs;
    const unreadable = runs.flat().filter(({ pair }) => pair[0] === -1).length;
    const figure = (name: string, keep: (review: Review) => boolean): Figure => {
      const some = runs.map((run) => run.filter(keep).map(({ pair }) => pair));
      return bootstrapFigure(name, '%', some[0]?.length ?? 0, (positions) =>
        meanOf(
          some.map((pairs) => relativeScore([...positions].map((position) => pairs[position] ?? [-1, -1]))),
        ),
      );
    };
    const each = runs.map((run) => relativeScore(run.map(({ pair }) => pair)).toFixed(1));
    return {
      benchmark: 'llava-bench',
      headline: figure('all', () => true),
      figures: groupBy(first, ({ category }) => category).map(([name]) =>
        figure(name, ({ category }) => category === name),
      ),
      notes: [
        `Runs of the judge: ${each.join(', ')}.`,
        ...note(
          unreadable,
          'review',
          'without two scores in the first line, counted as -1, as in the authors’ script',
        ),
      ],
    } satisfies EvalResult;
  },
};

interface Review {
  readonly category: string;
  readonly pair: JudgePair;
}

async function readReviews(path: string): Promise<readonly Review[]> {
  return (await collect(path, reviewSchema)).map(({ question_id: id, category = 'all', tuple, content }) => {
    if (tuple === undefined && content === undefined)
      throw new ExpectedError('input', `${quote(path)}: question ${id} has no review in "content".`, {
        hint: 'Let the judge answer every request first',
      });
    return { category: category.replace('llava_bench_', ''), pair: tuple ?? parseJudgePair(content ?? '') };
  });
}

async function collect<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>[]> {
  const values: v.InferOutput<Schema>[] = [];
  for await (const { value } of readJsonLines(path, schema)) values.push(value);
  return values;
}

function fileOf(name: string, holds: string, needed: BenchmarkFile['needed']): BenchmarkFile {
  return { names: [name], holds, from: FROM, needed };
}

/** The scores a judge gave to the reference and to the model, 1 to 10. */
export type JudgePair = readonly [reference: number, model: number];

/** What an unreadable review counts as. */
const UNREADABLE: JudgePair = [-1, -1];

/**
 * The two scores in the first line of a review, `[-1, -1]` when it does not have exactly two.
 * Source: `parse_score` of `llava/eval/eval_gpt_review_bench.py`; a comma is a space, and two spaces make three parts.
 */
export function parseJudgePair(review: string): JudgePair {
  const parts = (review.split('\n', 1)[0] ?? '').replaceAll(',', ' ').split(' ');
  const [first, second] = parts.map(pythonFloat);
  return parts.length === 2 && first !== undefined && second !== undefined ? [first, second] : UNREADABLE;
}

/**
 * The model's mean score relative to the reference's, in per cent.
 * Source: `llava/eval/summarize_gpt_review.py`. Quirks that are kept: unreadable reviews stay in with -1 for both,
 * and both means are rounded to three digits first.
 */
export function relativeScore(pairs: readonly JudgePair[]): number {
  const mean = (side: 0 | 1) => {
    const sum = pairs.reduce((total, pair) => total + pair[side], 0);
    return Math.round((sum / pairs.length) * 1000) / 1000;
  };
  return pairs.length === 0 ? 0 : (100 * mean(1)) / mean(0);
}

function pythonFloat(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined;
}
