import { join } from 'node:path';
import * as v from 'valibot';
import { authorsFile, readAuthorsQuestions } from '../authors-questions.js';
import type { Benchmark, BenchmarkFile } from '../benchmark.js';
import { meanFigure } from '../eval-result.js';
import { findFile, needFile, needOneOf, pictureFolder } from '../find-file.js';
import { matchAnswers } from '../match-answers.js';
import { normaliseAnswer } from '../metrics/evalai-normaliser.js';
import { vqaAccuracy } from '../metrics/vqa-accuracy.js';
import { peopleSchema } from '../people-schema.js';
import { SHORT_ANSWER, withEnding } from '../prompts.js';
import { readJson, readJsonLines } from '../read-json.js';

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
  holds: 'questions of the validation split, for scoring without the server',
  from: FROM,
  needed: 'either',
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
  needed: 'optional',
};

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

/** VQAv2: test-dev through the server, the validation split here. */
export const vqav2: Benchmark = {
  name: 'vqav2',
  title: 'VQAv2',
  measure: 'VQA accuracy on test-dev, %',
  scoredBy: 'server',
  files: [TEST_DEV, AUTHORS_DEV, TEST, AUTHORS_TEST, TEST_PICTURES, VAL, VAL_ANSWERS, VAL_PICTURES],
  licence: 'CC BY 4.0 (questions); COCO terms (pictures)',
  decoding: { temperature: 0, maxTokens: 128 },
  published: { 'test-dev': { '7B': 78.5, '13B': 80.0, '7B LoRA': 79.1, '13B LoRA': 80.0, '13B-HD': 81.8 } },
  publishedIn: 'LLaVA-1.5 paper, Table 3; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'VQAv2’s training pictures were seen in training.',
    'Published figures are of test-dev: EvalAI, challenge 830. The validation split stands beside none.',
  ],
  async *rows(folder) {
    const { file, path } = await needOneOf(folder, [TEST_DEV, AUTHORS_DEV, VAL]);
    const split = file === VAL ? 'val2014' : 'test2015';
    const pictures = await pictureFolder(folder, file === VAL ? VAL_PICTURES : TEST_PICTURES);
    if (file === AUTHORS_DEV) {
      yield* readAuthorsQuestions(path, pictures);
      return;
    }
    const { questions } = await readJson(path, questionsSchema);
    for (const { question_id: questionId, image_id: imageId, question } of questions) {
      const image = `COCO_${split}_${String(imageId).padStart(12, '0')}.jpg`;
      const prompt = withEnding(question, SHORT_ANSWER);
      yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
    }
  },
  async score(folder, file) {
    const { annotations } = await readJson(await needFile(folder, VAL_ANSWERS), answersSchema);
    const { byId, notes } = matchAnswers(
      file,
      annotations.map(({ question_id }) => String(question_id)),
      'refused',
    );
    const scored = annotations.map(({ question_id, answer_type: type, answers }) => ({
      type,
      score: vqaAccuracy(
        byId.get(String(question_id))?.text ?? '',
        answers.map(({ answer }) => answer),
      ),
    }));
    const types = [...new Set(scored.map(({ type }) => type))].sort();
    return {
      benchmark: 'vqav2',
      headline: meanFigure(
        'validation',
        scored.map(({ score }) => score),
      ),
      figures: types.map((type) =>
        meanFigure(
          type,
          scored.filter((one) => one.type === type).map(({ score }) => score),
        ),
      ),
      notes: [...notes, 'This is the validation split; the published figures are of test-dev.'],
    };
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
        content: JSON.stringify(submission),
        purpose: 'upload to https://eval.ai/web/challenges/challenge-page/830',
      },
    ];
  },
};

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
