import { join } from 'node:path';
import * as v from 'valibot';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { shareFigure } from '../eval-result.js';
import { needFile, needOneOf, pictureFolder } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { gqaPrediction } from '../metrics/exact-match.js';
import { SHORT_ANSWER, withEnding } from '../question-endings.js';
import { pythonJson } from '../files/python.js';
import { readJsonEntries } from '../files/read-json.js';

const FROM = 'https://cs.stanford.edu/people/dorarad/gqa/download.html';
const QUESTIONS: BenchmarkFile = {
  names: [
    'testdev_balanced_questions.json',
    'data/testdev_balanced_questions.json',
    'questions1.2/testdev_balanced_questions.json',
  ],
  holds: 'questions with answers',
  from: FROM,
  needed: 'to ask and score',
};
const AUTHORS = authorsFile('llava_gqa_testdev_balanced.jsonl');
const PICTURES: BenchmarkFile = {
  names: ['images', 'data/images'],
  holds: 'pictures',
  from: FROM,
  needed: 'to ask',
};

const questionSchema = v.object({
  question: v.string(),
  imageId: v.string(),
  answer: v.string(),
  types: v.optional(v.object({ structural: v.optional(v.string()) })),
});

/** GQA, balanced test-dev split. */
export const gqa: Benchmark = {
  name: 'gqa',
  title: 'GQA',
  measure: 'accuracy, %',
  scoredBy: 'llava',
  files: [QUESTIONS, AUTHORS, PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 128 },
  published: { accuracy: { '7B': 62.0, '13B': 63.3, '7B LoRA': 63.0, '13B LoRA': 63.3, '13B-HD': 64.7 } },
  publishedIn: 'LLaVA-1.5 paper, Table 3; LLaVA docs/MODEL_ZOO.md',
  remarks: ['GQA’s training pictures were seen in training.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    const { file, path } = await needOneOf(folder, [QUESTIONS, AUTHORS]);
    if (file === AUTHORS) {
      yield* readAuthorsQuestions(path, pictures);
      return;
    }
    for (const [questionId, { question, imageId }] of await readJsonEntries(path, questionSchema)) {
      const image = `${imageId}.jpg`;
      const prompt = withEnding(question, SHORT_ANSWER);
      yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
    }
  },
  /** Source: `scripts/convert_gqa_for_eval.py` and accuracy, binary and open of GQA's `eval.py`. */
  async score(folder, answers) {
    const questions = await readJsonEntries(await needFile(folder, QUESTIONS), questionSchema);
    const { byId, isAsked, notes } = matchAnswers(
      answers,
      questions.map(([id]) => id),
      'refused',
    );
    const asked = questions.filter(([id]) => isAsked(id));
    const judged = asked.map(([id, { answer, types }]) => ({
      open: types?.structural === 'query',
      known: types?.structural !== undefined,
      right: gqaPrediction(byId.get(id)?.text ?? '') === answer,
    }));
    const figure = (name: string, some: typeof judged) =>
      shareFigure(name, some.filter(({ right }) => right).length, some.length);
    const typed = judged.filter(({ known }) => known);
    return {
      benchmark: 'gqa',
      headline: figure('accuracy', judged),
      figures:
        typed.length === 0
          ? []
          : [
              figure(
                'binary',
                typed.filter(({ open }) => !open),
              ),
              figure(
                'open',
                typed.filter(({ open }) => open),
              ),
            ],
      notes,
    };
  },
  /** Source: `scripts/convert_gqa_for_eval.py`; answers stay in their order. */
  write(_folder, { answers }) {
    const predictions = answers.map(({ questionId, text }) => ({
      questionId,
      prediction: gqaPrediction(text),
    }));
    return Promise.resolve([
      {
        name: 'testdev_balanced_predictions.json',
        content: pythonJson(predictions),
        purpose: 'input of GQA’s eval.py, --predictions',
      },
    ]);
  },
};
