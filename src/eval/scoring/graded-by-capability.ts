import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { FileToWrite } from '../benchmark.js';
import type { EvalResult, Figure } from '../eval-result.js';
import { judgeRequest } from './judge.js';
import { matchAnswers } from './match-answers.js';
import { scoreCapabilities } from '../metrics/capability-scores.js';
import { meanInterval, meanOf } from '../metrics/interval.js';
import type { AnswerFile } from '../files/read-answers.js';
import { readJson } from '../files/read-json.js';

/**
 * What MM-Vet, MM-Vet v2 and ViP-Bench share: a table of examples for the judge, a results file, a grades file.
 * Source: `mm-vet_evaluator.py` of yuweihao/MM-Vet and those made from it.
 */

/** Source: the evaluators' defaults; a grade that is no number is asked for again with temperature 0.5 more. */
const JUDGE = { model: 'gpt-4-0613', temperature: 0, max_tokens: 3 } as const;

const gradesSchema = v.record(
  v.string(),
  v.object({ score: v.pipe(v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(1))), v.minLength(1)) }),
);

/** A question for the judge. */
export interface GradedItem {
  /** As in the results file, such as `v1_0`. */
  readonly key: string;
  /** The id in the answer file. */
  readonly questionId: string | number;
  readonly capabilities: readonly string[];
  /** The request for one prediction, whole. */
  readonly request: (prediction: string) => string;
}

/** The results file that the official evaluator reads, and the same requests for any other judge. */
export function writeForJudge(
  name: string,
  items: readonly GradedItem[],
  file: AnswerFile,
): readonly FileToWrite[] {
  const { byId, isAsked } = matchAnswers(
    file,
    items.map(({ questionId }) => String(questionId)),
    'refused',
  );
  const textOf = (item: GradedItem) => byId.get(String(item.questionId))?.text ?? '';
  const asked = items.filter(({ questionId }) => isAsked(String(questionId)));
  const results = Object.fromEntries(asked.map((item) => [item.key, textOf(item)]));
  return [
    {
      name: `${name}-results.json`,
      content: JSON.stringify(results, undefined, 2),
      purpose: 'input of the official evaluator',
    },
    {
      name: `${name}-judge.jsonl`,
      content: asked
        .map((item) =>
          judgeRequest({ fields: { id: item.key }, judge: JUDGE, user: item.request(textOf(item)) }),
        )
        .join(''),
      purpose: 'the evaluator’s requests, for a judge of your own',
    },
  ];
}

/**
 * Total and capabilities of one or more grades files (`{key: {score: [run, …]}}`); runs of all files are joined.
 * @throws ExpectedError('input') when a question has no grade
 */
export async function summariseGrades(
  benchmark: string,
  items: readonly GradedItem[],
  paths: readonly string[],
  sample = false,
): Promise<EvalResult> {
  const files = await Promise.all(
    paths.map(async (path) => ({
      path,
      grades: new Map(Object.entries(await readJson(path, gradesSchema))),
    })),
  );
  const asked = sample ? items.filter(({ key }) => files.some(({ grades }) => grades.has(key))) : items;
  const questions = asked.map(({ key, capabilities }) => ({
    capabilities,
    scores: files.flatMap(({ path, grades }) => grades.get(key)?.score ?? noGrade(path, key)),
  }));
  const runs = Math.min(...questions.map(({ scores }) => scores.length));
  const { total, deviation, runs: perRun, capabilities } = scoreCapabilities(questions, runs);
  const [low, high] = meanInterval(questions.map(({ scores }) => meanOf(scores)));
  const figure = (name: string, value: number, count: number): Figure => ({
    name,
    value,
    unit: '%',
    total: count,
  });
  return {
    benchmark,
    headline: { ...figure('total', total, asked.length), interval: [100 * low, 100 * high] },
    figures: capabilities.map(({ name, value, total: count }) => figure(name, value, count)),
    notes: [
      `Runs of the judge: ${perRun.map((run) => run.toFixed(1)).join(', ')}; deviation ${deviation.toFixed(1)}.`,
    ],
  };
}

/** Ground truth as the judge's table has it. */
export function spaceAlternatives(truth: string): string {
  return truth.replaceAll('<AND>', ' <AND> ').replaceAll('<OR>', ' <OR> ');
}

function noGrade(path: string, key: string): never {
  throw new ExpectedError('input', `${quote(path)} has no grade for question ${quote(key)}.`, {
    hint: 'Let the judge grade every question first',
  });
}
