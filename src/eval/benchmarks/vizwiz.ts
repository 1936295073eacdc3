import { join } from 'node:path';
import * as v from 'valibot';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile, type EvalRow } from '../benchmark.js';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { needFile, needOneOf, pictureFolder } from '../files/find-file.js';
import { capitalise, pythonJson } from '../files/python.js';
import { readJson } from '../files/read-json.js';
import { normaliseAnswer } from '../metrics/evalai-normaliser.js';
import { SHORT_ANSWER, UNANSWERABLE, withEnding } from '../question-endings.js';
import { matchAnswers, refuseOtherQuestions } from '../scoring/match-answers.js';
import { peopleSchema, scorePeople } from '../scoring/score-people.js';

const FROM = 'https://vizwiz.cs.colorado.edu/VizWiz_final/vqa_data/Annotations.zip';
const TEST: BenchmarkFile = {
  names: ['test.json', 'Annotations/test.json'],
  holds: 'questions of the test split',
  from: FROM,
  needed: 'either',
};
const AUTHORS = authorsFile('llava_test.jsonl');
const VAL: BenchmarkFile = {
  names: ['val.json', 'Annotations/val.json'],
  holds: 'questions with answers of the validation split',
  from: FROM,
  needed: 'to ask and score',
};
const TEST_PICTURES: BenchmarkFile = {
  names: ['test'],
  holds: 'pictures',
  from: 'https://vizwiz.cs.colorado.edu/VizWiz_final/images/test.zip',
  needed: 'to ask',
};
const VAL_PICTURES: BenchmarkFile = {
  names: ['val'],
  holds: 'pictures of the validation split',
  from: 'https://vizwiz.cs.colorado.edu/VizWiz_final/images/val.zip',
  needed: 'to ask',
};

const LICENCE = SEE_PUBLISHER;
const DECODING = { temperature: 0, maxTokens: 128 } as const;

const questionSchema = v.object({ image: v.string(), question: v.string() });
const labelledSchema = v.object({
  ...questionSchema.entries,
  answers: peopleSchema,
  answer_type: v.optional(v.string(), 'unknown'),
});

/** VizWiz, test split: through the server. */
export const vizwiz: Benchmark = {
  name: 'vizwiz',
  title: 'VizWiz',
  measure: 'VQA accuracy on test, %',
  scoredBy: 'server',
  files: [TEST, AUTHORS, TEST_PICTURES],
  licence: LICENCE,
  decoding: DECODING,
  published: { test: { '7B': 50.0, '13B': 53.6, '7B LoRA': 47.8, '13B LoRA': 58.9, '13B-HD': 57.5 } },
  publishedIn: 'LLaVA-1.5 paper, Table 3; LLaVA docs/MODEL_ZOO.md',
  remarks: ['Scored by EvalAI, challenge 2185; vizwiz-val is scored here.'],
  async *rows(folder) {
    const { file, path } = await needOneOf(folder, [TEST, AUTHORS]);
    const pictures = await pictureFolder(folder, TEST_PICTURES);
    if (file === AUTHORS) yield* readAuthorsQuestions(path, pictures);
    else yield* readQuestions(path, pictures);
  },
  /** Source: `scripts/convert_vizwiz_for_submission.py`; a missing answer is an error there too. */
  async write(folder, file) {
    const rows: EvalRow[] = [];
    for await (const row of vizwiz.rows(folder)) rows.push(row);
    const { byId } = matchAnswers(
      file,
      rows.map(({ questionId }) => String(questionId)),
      'refused',
    );
    refuseOtherQuestions(
      file,
      new Map(rows.map(({ questionId, prompt }) => [String(questionId), prompt.split('\n', 1)[0] ?? ''])),
    );
    const submission = rows.map(({ image, questionId }) => ({
      image,
      answer: normaliseAnswer(byId.get(String(questionId))?.text ?? ''),
    }));
    return [
      {
        name: 'vizwiz-submission.json',
        content: pythonJson(submission),
        purpose: 'upload to https://eval.ai/web/challenges/challenge-page/2185',
      },
    ];
  },
};

/** VizWiz, validation split: its answers are published. */
export const vizwizVal: Benchmark = {
  name: 'vizwiz-val',
  title: 'VizWiz, validation split',
  measure: 'VQA accuracy, %',
  scoredBy: 'llava',
  files: [VAL, VAL_PICTURES],
  licence: LICENCE,
  decoding: DECODING,
  published: {},
  publishedIn: 'the paper has the test split only',
  remarks: ['For scoring without the server; the published figures of VizWiz are of the test split.'],
  async *rows(folder) {
    yield* readQuestions(await needFile(folder, VAL), await pictureFolder(folder, VAL_PICTURES));
  },
  async score(folder, file) {
    const questions = await readJson(await needFile(folder, VAL), v.array(labelledSchema));
    refuseOtherQuestions(
      file,
      new Map(questions.map(({ question }, position) => [String(position), question])),
    );
    return scorePeople(
      'vizwiz-val',
      questions.map(({ answers, answer_type: type }, position) => ({ id: String(position), type, answers })),
      file,
    );
  },
};

/** A question's number is its place in the file, as in the authors' question file. */
async function* readQuestions(path: string, pictures: string): AsyncGenerator<EvalRow> {
  const questions = await readJson(path, v.array(questionSchema));
  for (const [questionId, { image, question }] of questions.entries()) {
    const prompt = withEnding(capitalise(question), UNANSWERABLE, SHORT_ANSWER);
    yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
  }
}
