import { join } from 'node:path';
import * as v from 'valibot';
import { authorsFile, readAuthorsQuestions } from '../authors-questions.js';
import type { Benchmark, BenchmarkFile, EvalRow } from '../benchmark.js';
import { meanFigure } from '../eval-result.js';
import { needFile, needOneOf, pictureFolder } from '../find-file.js';
import { matchAnswers } from '../match-answers.js';
import { normaliseAnswer } from '../metrics/evalai-normaliser.js';
import { vqaAccuracy } from '../metrics/vqa-accuracy.js';
import { peopleSchema } from '../people-schema.js';
import { SHORT_ANSWER, UNANSWERABLE, withEnding } from '../prompts.js';
import { capitalise } from '../python-text.js';
import { readJson } from '../read-json.js';

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
  holds: 'questions and answers of the validation split, for scoring without the server',
  from: FROM,
  needed: 'either',
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
  needed: 'optional',
};

const questionSchema = v.object({ image: v.string(), question: v.string() });
const labelledSchema = v.object({
  ...questionSchema.entries,
  answers: peopleSchema,
  answer_type: v.optional(v.string(), 'unknown'),
});

/** VizWiz: test through the server, the validation split here. */
export const vizwiz: Benchmark = {
  name: 'vizwiz',
  title: 'VizWiz',
  measure: 'VQA accuracy on test, %',
  scoredBy: 'server',
  files: [TEST, AUTHORS, TEST_PICTURES, VAL, VAL_PICTURES],
  licence: 'CC BY 4.0',
  decoding: { temperature: 0, maxTokens: 128 },
  published: { test: { '7B': 50.0, '13B': 53.6, '7B LoRA': 47.8, '13B LoRA': 58.9, '13B-HD': 57.5 } },
  publishedIn: 'LLaVA-1.5 paper, Table 3; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'Published figures are of the test split: EvalAI, challenge 2185. The validation split stands beside none.',
  ],
  async *rows(folder) {
    const { file, path } = await needOneOf(folder, [TEST, AUTHORS, VAL]);
    const pictures = await pictureFolder(folder, file === VAL ? VAL_PICTURES : TEST_PICTURES);
    if (file === AUTHORS) {
      yield* readAuthorsQuestions(path, pictures);
      return;
    }
    const questions = await readJson(path, v.array(questionSchema));
    for (const [questionId, { image, question }] of questions.entries()) {
      const prompt = withEnding(capitalise(question), UNANSWERABLE, SHORT_ANSWER);
      yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
    }
  },
  async score(folder, file) {
    const questions = await readJson(await needFile(folder, VAL), v.array(labelledSchema));
    const { byId, notes } = matchAnswers(
      file,
      questions.map((_, position) => String(position)),
      'refused',
    );
    const scored = questions.map(({ answers, answer_type: type }, position) => ({
      type,
      score: vqaAccuracy(
        byId.get(String(position))?.text ?? '',
        answers.map(({ answer }) => answer),
      ),
    }));
    const types = [...new Set(scored.map(({ type }) => type))].sort();
    return {
      benchmark: 'vizwiz',
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
      notes: [...notes, 'This is the validation split; the published figures are of the test split.'],
    };
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
    const submission = rows.map(({ image, questionId }) => ({
      image,
      answer: normaliseAnswer(byId.get(String(questionId))?.text ?? ''),
    }));
    return [
      {
        name: 'vizwiz-submission.json',
        content: JSON.stringify(submission),
        purpose: 'upload to https://eval.ai/web/challenges/challenge-page/2185',
      },
    ];
  },
};
