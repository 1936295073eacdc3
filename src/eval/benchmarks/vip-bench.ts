import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { boxOnPaddedSquare, formatBox, type Box } from '../../llava/box.js';
import { quote } from '../../llava/quote.js';
import type { Benchmark, BenchmarkFile, EvalRow } from '../benchmark.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import {
  spaceAlternatives,
  summariseGrades,
  writeForJudge,
  type GradedItem,
} from '../scoring/graded-by-capability.js';
import { VIP_BENCH_TABLE } from '../scoring/judge.js';
import { readJson, readJsonEntries, readJsonLines } from '../files/read-json.js';

const FROM = 'https://huggingface.co/datasets/mucai/ViP-Bench';
const META = fileOf(
  'vip-bench-meta-data.json',
  'questions with answers and capabilities',
  'to ask and score',
);
const SOURCES = fileOf('source_image', 'plain pictures and the boxes of their objects', 'to ask');

const metaSchema = v.object({
  image_source: v.string(),
  image: v.string(),
  question: v.string(),
  answer: v.string(),
  capability: v.array(v.string()),
});
const questionSchema = v.object({
  question_id: v.union([v.string(), v.number()]),
  image: v.string(),
  text: v.string(),
  category: v.optional(v.string(), 'default'),
});
const point = v.tuple([v.number(), v.number()]);
const sourceSchema = v.object({
  imageWidth: v.number(),
  imageHeight: v.number(),
  shapes: v.array(v.object({ label: v.string(), points: v.pipe(v.array(point), v.minLength(2)) })),
});

type Meta = v.InferOutput<typeof metaSchema>;
interface Question {
  readonly id: string | number;
  readonly image: string;
  readonly text: string;
  readonly category: string;
}

/** ViP-Bench with boxes drawn on the picture (`bbox`), with people's strokes (`human`), and with boxes in the text. */
export const vipBench = drawnEdition('vip-bench', 'ViP-Bench, drawn boxes', 'bbox', 41.8);
export const vipBenchHuman = drawnEdition('vip-bench-human', 'ViP-Bench, drawn by people', 'human', 42.9);
export const vipBenchCoordinates: Benchmark = {
  ...editionOf('vip-bench-coordinates', 'ViP-Bench, boxes in the text', [META, SOURCES], 47.1),
  remarks: [
    'How the paper wrote coordinates for LLaVA-1.5 is not published: they are written here as in LLaVA-1.5’s training.',
    'Graded by gpt-4-0613; another judge gives other figures.',
  ],
  async *rows(folder) {
    const sources = await pictureFolder(folder, SOURCES);
    for (const [key, meta] of await readMeta(folder)) {
      const text = await withCoordinates(sources, meta);
      const image = meta.image_source;
      yield {
        questionId: questionIdOf(key),
        image,
        picture: join(sources, image),
        text,
        prompt: text,
        category: 'default',
      };
    }
  },
  async write(folder, answers) {
    return writeForJudge('vip-bench-coordinates', await gradedItems(folder), answers);
  },
  async summarise(folder, reviews, sample) {
    return summariseGrades('vip-bench-coordinates', await gradedItems(folder), reviews, sample);
  },
};

function drawnEdition(name: string, title: string, split: 'bbox' | 'human', of13B: number): Benchmark {
  const questions = fileOf(`${split}/questions.jsonl`, 'questions as they are asked', 'to ask and score');
  const pictures = fileOf(`${split}/images`, 'pictures with what is drawn on them', 'to ask');
  return {
    ...editionOf(name, title, [META, questions, pictures], of13B),
    remarks: ['Graded by gpt-4-0613; another judge gives other figures.'],
    async *rows(folder): AsyncGenerator<EvalRow> {
      const folderOfPictures = await pictureFolder(folder, pictures);
      for (const { id: questionId, image, text, category } of await readQuestions(folder, questions))
        yield { questionId, image, picture: join(folderOfPictures, image), text, prompt: text, category };
    },
    async write(folder, answers) {
      return writeForJudge(name, await gradedItems(folder, await readQuestions(folder, questions)), answers);
    },
    async summarise(folder, reviews, sample) {
      return summariseGrades(
        name,
        await gradedItems(folder, await readQuestions(folder, questions)),
        reviews,
        sample,
      );
    },
  };
}

/** @param of13B published total of LLaVA-1.5 13B */
function editionOf(name: string, title: string, files: readonly BenchmarkFile[], of13B: number) {
  return {
    name,
    title,
    measure: 'total, %',
    scoredBy: 'judge',
    files,
    licence: 'Apache-2.0',
    decoding: { temperature: 0, maxTokens: 1024 },
    published: { total: { '13B': of13B } },
    publishedIn: 'a listing of papers’ results',
  } as const;
}

/** Source: `vip-bench_evaluator.py`; the judge sees the question as it was asked. */
async function gradedItems(folder: string, questions?: readonly Question[]): Promise<readonly GradedItem[]> {
  const asked = new Map(questions?.map(({ id, text }) => [`v1_${id}`, text]));
  return (await readMeta(folder)).map(([key, { question, answer, capability }]) => ({
    key,
    questionId: questionIdOf(key),
    capabilities: capability,
    request: (prediction) =>
      `${VIP_BENCH_TABLE}\n${[asked.get(key) ?? question, spaceAlternatives(answer), prediction, ''].join(' | ')}`,
  }));
}

/** `<obj>`, `<obj1>`, … become boxes on the padded square, as LLaVA-1.5 was trained to read them. */
async function withCoordinates(sources: string, meta: Meta): Promise<string> {
  const path = join(sources, meta.image_source.replace(/\.(?:png|jpe?g)$/, '.json'));
  const source = await readJson(path, sourceSchema);
  const size = { width: source.imageWidth, height: source.imageHeight };
  return meta.question.replace(/<(obj\d*)>/g, (_, label: string) => {
    const shape = source.shapes.find((one) => one.label === label);
    if (shape === undefined)
      throw new ExpectedError('input', `${quote(path)} has no box for ${quote(label)}.`, {
        hint: `Get source_image whole from ${FROM}`,
      });
    return formatBox(boxOnPaddedSquare(boxAround(shape.points), size));
  });
}

/** Rectangles are two corners in any order, polygons any number of points. */
function boxAround(points: readonly (readonly [number, number])[]): Box {
  const x = points.map(([left]) => left);
  const y = points.map(([, top]) => top);
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

async function readMeta(folder: string): Promise<[string, Meta][]> {
  return readJsonEntries(await needFile(folder, META), metaSchema);
}

async function readQuestions(folder: string, file: BenchmarkFile): Promise<readonly Question[]> {
  const questions: Question[] = [];
  for await (const { value } of readJsonLines(await needFile(folder, file), questionSchema)) {
    const { question_id: id, image, text, category } = value;
    questions.push({ id, image, text, category });
  }
  return questions;
}

function questionIdOf(key: string): number {
  return Number(key.replace(/^v1_/, ''));
}

function fileOf(name: string, holds: string, needed: BenchmarkFile['needed']): BenchmarkFile {
  return { names: [name], holds, from: FROM, needed };
}
