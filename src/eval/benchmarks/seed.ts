import { join } from 'node:path';
import * as v from 'valibot';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { shareFigure, type Figure } from '../eval-result.js';
import { findFile, needFile } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { LETTER_ANSWER, withEnding, withOptions } from '../question-endings.js';
import { pythonJson } from '../files/python.js';
import { readJson } from '../files/read-json.js';

const FROM = 'https://huggingface.co/datasets/AILab-CVC/SEED-Bench';
const QUESTIONS: BenchmarkFile = {
  names: ['SEED-Bench.json'],
  holds: 'questions with answers',
  from: FROM,
  needed: 'to ask and score',
};
const AUTHORS = authorsFile('llava-seed-bench.jsonl');
const PICTURES: BenchmarkFile = {
  names: ['SEED-Bench-image'],
  holds: 'pictures',
  from: FROM,
  needed: 'to ask',
};
const FRAMES: BenchmarkFile = {
  names: ['SEED-Bench-video-image'],
  holds: 'the middle frame of each video, <type>_<question>.png',
  from: 'the videos, by extract_video_frames.py of the authors’ eval.zip',
  needed: 'to ask',
};

const questionsSchema = v.object({
  question_type: v.record(v.string(), v.number()),
  questions: v.array(
    v.object({
      question_id: v.union([v.string(), v.number()]),
      question_type_id: v.number(),
      data_type: v.picklist(['image', 'video']),
      data_id: v.string(),
      question: v.string(),
      choice_a: v.string(),
      choice_b: v.string(),
      choice_c: v.string(),
      choice_d: v.string(),
      answer: v.picklist(['A', 'B', 'C', 'D']),
    }),
  ),
});

/** SEED-Bench: 12 types of questions on pictures and videos. */
export const seed: Benchmark = {
  name: 'seed',
  title: 'SEED-Bench',
  measure: 'accuracy on pictures and videos, %',
  scoredBy: 'llava',
  files: [QUESTIONS, AUTHORS, PICTURES, FRAMES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 128 },
  published: {
    total: { '7B': 58.6, '13B': 61.6, '7B LoRA': 60.1, '13B LoRA': 61.3, '13B-HD': 62.6 },
    image: { '7B': 66.1, '13B': 68.2, '13B-HD': 70.1 },
    video: { '7B': 37.3, '13B': 42.7, '13B-HD': 41.3 },
  },
  publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'The benchmark’s own protocol ranks options by likelihood; LLaVA generates the letter.',
    'An answer must be the letter and nothing else.',
    'Published figures are of the first release, 19,242 questions; on 30 November 2023 the video questions were sifted.',
  ],
  async *rows(folder) {
    const authors = await findFile(folder, AUTHORS);
    if (authors !== undefined && (await findFile(folder, QUESTIONS)) === undefined) {
      yield* readAuthorsQuestions(authors, folder);
      return;
    }
    for (const item of (await readJson(await needFile(folder, QUESTIONS), questionsSchema)).questions) {
      const image =
        item.data_type === 'image'
          ? `SEED-Bench-image/${item.data_id}`
          : `SEED-Bench-video-image/${item.question_type_id}_${item.question_id}.png`;
      const options = [item.choice_a, item.choice_b, item.choice_c, item.choice_d];
      const prompt = withEnding(withOptions(item.question, options), LETTER_ANSWER);
      yield {
        questionId: item.question_id,
        image,
        picture: join(folder, image),
        text: prompt,
        prompt,
        category: 'default',
      };
    }
  },
  /** Source: `scripts/convert_seed_for_submission.py`: a question without an answer is wrong. */
  async score(folder, answers) {
    const data = await readJson(await needFile(folder, QUESTIONS), questionsSchema);
    const { byId, isAsked, notes } = matchAnswers(
      answers,
      data.questions.map(({ question_id }) => String(question_id)),
      'wrong',
    );
    const asked = data.questions.filter(({ question_id }) => isAsked(String(question_id)));
    const judged = asked.map(({ question_id, question_type_id: type, data_type: kind, answer }) => ({
      type,
      kind,
      right: byId.get(String(question_id))?.text === answer,
    }));
    const figure = (name: string, some: typeof judged): Figure =>
      shareFigure(name, some.filter(({ right }) => right).length, some.length);
    const types = Object.entries(data.question_type).sort(([, a], [, b]) => a - b);
    return {
      benchmark: 'seed',
      headline: figure('total', judged),
      figures: [
        ...(['image', 'video'] as const).map((kind) =>
          figure(
            kind,
            judged.filter((one) => one.kind === kind),
          ),
        ),
        ...types.map(([name, type]) =>
          figure(
            name,
            judged.filter((one) => one.type === type),
          ),
        ),
      ],
      notes,
    };
  },
  /** Source: `scripts/convert_seed_for_submission.py`; a missing answer is an error there too. */
  async write(folder, answers) {
    const { questions } = await readJson(await needFile(folder, QUESTIONS), questionsSchema);
    const ids = questions.map(({ question_id }) => question_id);
    const { byId } = matchAnswers(answers, ids.map(String), 'refused');
    const lines = ids.map((id) =>
      pythonJson({ question_id: id, prediction: byId.get(String(id))?.text ?? '' }),
    );
    return [
      {
        name: 'seed-submission.jsonl',
        content: `${lines.join('\n')}\n`,
        purpose:
          'upload to the leaderboard of https://huggingface.co/spaces/AILab-CVC/SEED-Bench_Leaderboard',
      },
    ];
  },
};
