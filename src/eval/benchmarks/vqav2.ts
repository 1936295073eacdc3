import { join } from 'node:path';
import * as v from 'valibot';
import type { Benchmark, BenchmarkFile, EvalRow } from '../benchmark.js';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { findFile, needFile, needOneOf, pictureFolder } from '../files/find-file.js';
import { pythonJson } from '../files/python.js';
import { readJson, readJsonLines } from '../files/read-json.js';
import { normaliseAnswer } from '../metrics/evalai-normaliser.js';
import { SHORT_ANSWER, withEnding } from '../question-endings.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { peopleSchema, scorePeople } from '../scoring/score-people.js';

const FROM = 'https://visualqa.org/download.html';
const TEST_DEV: BenchmarkFile = {
  names: ['v2_OpenEnded_mscoco_test-dev2015_questions.json'],
  holds: 'questions of test-dev',
  from: FROM,
  needed: 'either',
};
const TEST: BenchmarkFile = {
  names: ['v2_OpenEnded_mscoco_test2015_questions.json'],
  holds: 'questions of the whole test split: a submission has all of them',
  from: FROM,
  needed: 'either',
};
const VAL: BenchmarkFile = {
  names: ['v2_OpenEnded_mscoco_val2014_questions.json'],
  holds: 'questions of the validation split',
  from: FROM,
  needed: 'to ask',
};
const VAL_ANSWERS: BenchmarkFile = {
  names: ['v2_mscoco_val2014_annotations.json'],
  holds: 'answers of the validation split',
  from: FROM,
  needed: 'to score',
};
const AUTHORS_DEV = authorsFile('llava_vqav2_mscoco_test-dev2015.jsonl');
const AUTHORS_TEST: BenchmarkFile = { ...authorsFile(''), names: ['llava_vqav2_mscoco_test2015.jsonl'] };
const TEST_PICTURES: BenchmarkFile = {
  names: ['test2015'],
  holds: 'pictures',
  from: 'http://images.cocodataset.org/zips/test2015.zip',
  needed: 'to ask',
};
const VAL_PICTURES: BenchmarkFile = {
  names: ['val2014'],
  holds: 'pictures of the validation split',
  from: 'http://images.cocodataset.org/zips/val2014.zip',
  needed: 'to ask',
};

const LICENCE = 'CC BY 4.0 (questions); COCO terms (pictures)';
const DECODING = { temperature: 0, maxTokens: 128 } as const;

const questionsSchema = v.object({
  questions: v.array(v.object({ question_id: v.number(), image_id: v.number(), question: v.string() })),
});
const answersSchema = v.object({
  annotations: v.array(
    v.object({
      question_id: v.number(),
      answer_type: v.string(),
      answers: peopleSchema,
    }),
  ),
});
const idSchema = v.object({ question_id: v.number() });

/** VQAv2, test-dev: through the server. */
export const vqav2: Benchmark = {
  name: 'vqav2',
  title: 'VQAv2',
  measure: 'VQA accuracy on test-dev, %',
  scoredBy: 'server',
  files: [TEST_DEV, AUTHORS_DEV, TEST, AUTHORS_TEST, TEST_PICTURES],
  licence: LICENCE,
  decoding: DECODING,
  published: { 'test-dev': { '7B': 78.5, '13B': 80.0, '7B LoRA': 79.1, '13B LoRA': 80.0, '13B-HD': 81.8 } },
  publishedIn: 'LLaVA-1.5 paper, Table 3; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'VQAv2’s training pictures were seen in training.',
    'Scored by EvalAI, challenge 830; vqav2-val is scored here.',
  ],
  async *rows(folder) {
    const { file, path } = await needOneOf(folder, [TEST_DEV, AUTHORS_DEV]);
    const pictures = await pictureFolder(folder, TEST_PICTURES);
    if (file === AUTHORS_DEV) yield* readAuthorsQuestions(path, pictures);
    else yield* readQuestions(path, 'test2015', pictures);
  },
  /** Source: `scripts/convert_vqav2_for_submission.py`: all of the test split, empty where test-dev has no answer. */
  async write(folder, file) {
    const ids = await testIds(folder);
    const { byId } = matchAnswers(file, ids.map(String), 'empty');
    const submission = ids.map((id) => ({
      question_id: id,
      answer: normaliseAnswer(byId.get(String(id))?.text ?? ''),
    }));
    return [
      {
        name: 'vqav2-submission.json',
        content: pythonJson(submission),
        purpose: 'upload to https://eval.ai/web/challenges/challenge-page/830',
      },
    ];
  },
};

/** VQAv2, validation split: its answers are published. */
export const vqav2Val: Benchmark = {
  name: 'vqav2-val',
  title: 'VQAv2, validation split',
  measure: 'VQA accuracy, %',
  scoredBy: 'llava',
  files: [VAL, VAL_ANSWERS, VAL_PICTURES],
  licence: LICENCE,
  decoding: DECODING,
  published: {},
  publishedIn: 'the paper has test-dev only',
  remarks: ['For scoring without the server; the published figures of VQAv2 are of test-dev.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, VAL_PICTURES);
    yield* readQuestions(await needFile(folder, VAL), 'val2014', pictures);
  },
  async score(folder, file) {
    const { annotations } = await readJson(await needFile(folder, VAL_ANSWERS), answersSchema);
    return scorePeople(
      'vqav2-val',
      annotations.map(({ question_id, answer_type: type, answers }) => ({
        id: String(question_id),
        type,
        answers,
      })),
      file,
    );
  },
};

async function* readQuestions(path: string, split: string, pictures: string): AsyncGenerator<EvalRow> {
  const { questions } = await readJson(path, questionsSchema);
  for (const { question_id: questionId, image_id: imageId, question } of questions) {
    const image = `COCO_${split}_${String(imageId).padStart(12, '0')}.jpg`;
    const prompt = withEnding(question, SHORT_ANSWER);
    yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
  }
}

async function testIds(folder: string): Promise<readonly number[]> {
  const authors = await findFile(folder, AUTHORS_TEST);
  if (authors === undefined) {
    const { questions } = await readJson(await needFile(folder, TEST), questionsSchema);
    return questions.map(({ question_id }) => question_id);
  }
  const ids: number[] = [];
  for await (const { value } of readJsonLines(authors, idSchema)) ids.push(value.question_id);
  return ids;
}
