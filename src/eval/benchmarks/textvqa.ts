import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { meanFigure } from '../eval-result.js';
import { findFile, needFile, pictureFolder } from '../files/find-file.js';
import { failedNote, note } from '../scoring/match-answers.js';
import { textVqaScorer } from '../metrics/vqa-accuracy.js';
import { tenAnswersSchema } from '../scoring/score-people.js';
import { SHORT_ANSWER, withEnding } from '../question-endings.js';
import { capitalise } from '../files/python.js';
import { readJson } from '../files/read-json.js';

const FROM = 'https://textvqa.org/dataset/';
const QUESTIONS: BenchmarkFile = {
  names: ['TextVQA_0.5.1_val.json'],
  holds: 'questions with answers',
  from: 'https://dl.fbaipublicfiles.com/textvqa/data/TextVQA_0.5.1_val.json',
  needed: 'to ask and score',
};
const OCR: BenchmarkFile = {
  names: ['TextVQA_Rosetta_OCR_v0.2_val.json'],
  holds: 'words that the Rosetta OCR system read',
  from: FROM,
  needed: 'to ask',
};
const AUTHORS = authorsFile('llava_textvqa_val_v051_ocr.jsonl');
const PICTURES: BenchmarkFile = {
  names: ['train_images', 'train_val_images/train_images'],
  holds: 'pictures',
  from: 'https://dl.fbaipublicfiles.com/textvqa/images/train_val_images.zip',
  needed: 'to ask',
};

const questionsSchema = v.object({
  data: v.array(
    v.object({
      image_id: v.string(),
      question: v.string(),
      answers: tenAnswersSchema,
    }),
  ),
});
const ocrSchema = v.object({
  data: v.array(v.object({ image_id: v.string(), ocr_tokens: v.array(v.string()) })),
});

/** TextVQA, validation split, with the line of OCR words. */
export const textvqa: Benchmark = {
  name: 'textvqa',
  title: 'TextVQA',
  measure: 'VQA accuracy, %',
  scoredBy: 'llava',
  files: [QUESTIONS, OCR, AUTHORS, PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 128 },
  published: { accuracy: { '7B': 58.2, '13B': 61.3, '7B LoRA': 58.2, '13B LoRA': 60.2, '13B-HD': 62.5 } },
  publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'A picture’s id is the question’s id, so several questions share one: they are told apart by their text.',
  ],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    const authors = await findFile(folder, AUTHORS);
    const ocrPath = await findFile(folder, OCR);
    if (authors !== undefined && ocrPath === undefined) {
      yield* readAuthorsQuestions(authors, pictures);
      return;
    }
    const { data } = await readJson(await needFile(folder, QUESTIONS), questionsSchema);
    const ocr = await readJson(await needFile(folder, OCR), ocrSchema);
    const words = new Map(ocr.data.map(({ image_id, ocr_tokens }) => [image_id, ocr_tokens]));
    for (const { image_id: questionId, question } of data) {
      const image = `${questionId}.jpg`;
      const prompt = withEnding(
        capitalise(question),
        `Reference OCR token: ${(words.get(questionId) ?? []).join(', ')}`,
        SHORT_ANSWER,
      );
      yield { questionId, image, picture: join(pictures, image), text: prompt, prompt, category: 'default' };
    }
  },
  /** Source: `llava/eval/eval_textvqa.py`: every answer counts, also when its question was answered twice. */
  async score(folder, file) {
    const path = await needFile(folder, QUESTIONS);
    const { data } = await readJson(path, questionsSchema);
    const people = new Map(data.map((item) => [keyOf(item.image_id, item.question), item.answers]));
    const answered = new Set<string>();
    const score = textVqaScorer();
    const scores = file.answers.map(({ questionId, prompt, text }) => {
      const key = keyOf(String(questionId), questionOf(prompt));
      const truths = people.get(key);
      if (truths === undefined) throw notInData(path, String(questionId), prompt);
      answered.add(key);
      return score(text, truths);
    });
    return {
      benchmark: 'textvqa',
      headline: meanFigure('accuracy', scores),
      figures: [],
      notes: [
        ...failedNote(file),
        ...note(scores.length - answered.size, 'answer', 'to a question answered before; all of them count'),
        ...note(
          people.size - answered.size,
          'question',
          'without an answer, left out, as in the authors’ script',
        ),
      ],
    };
  },
};

function keyOf(image: string, question: string): string {
  return `${image}\n${question.toLowerCase()}`;
}

/** The first of two or three lines; the other forms that the authors' script knows are not LLaVA-1.5's. */
function questionOf(prompt: string): string {
  const lines = prompt.split('\n');
  const [first = '', second = ''] = lines;
  if (lines.length === 3 && first.startsWith('Reference OCR token:')) return second;
  const known = lines.length === 2 || (lines.length === 3 && prompt.includes('Reference OCR token: '));
  if (known) return first;
  throw new ExpectedError('input', `The prompt ${quote(prompt, 120)} is no TextVQA question.`, {
    hint: 'Give answers whose "prompt" is question, OCR line and ending, a line each',
  });
}

function notInData(path: string, id: string, prompt: string): ExpectedError {
  const question = quote(prompt.split('\n', 1)[0] ?? '');
  return new ExpectedError('input', `${quote(path)} has no question ${question} on picture ${quote(id)}.`, {
    hint: 'Give answers to the validation split of version 0.5.1',
  });
}
