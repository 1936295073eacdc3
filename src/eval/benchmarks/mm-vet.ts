import { join } from 'node:path';
import * as v from 'valibot';
import type { Benchmark, BenchmarkFile } from '../benchmark.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import {
  spaceAlternatives,
  summariseGrades,
  writeForJudge,
  type GradedItem,
} from '../scoring/graded-by-capability.js';
import { MM_VET_TABLE } from '../scoring/judge.js';
import { readJsonEntries } from '../files/read-json.js';

const FROM = 'https://github.com/yuweihao/MM-Vet/releases/download/v1/mm-vet.zip';
const DATA: BenchmarkFile = {
  names: ['mm-vet.json'],
  holds: 'questions with answers and capabilities',
  from: FROM,
  needed: 'to ask and score',
};
const PICTURES: BenchmarkFile = { names: ['images'], holds: 'pictures', from: FROM, needed: 'to ask' };

const itemSchema = v.object({
  imagename: v.string(),
  question: v.string(),
  answer: v.string(),
  capability: v.array(v.string()),
});

/** MM-Vet: free answers, graded by a judge, by capability. */
export const mmVet: Benchmark = {
  name: 'mm-vet',
  title: 'MM-Vet',
  measure: 'total, %',
  scoredBy: 'judge',
  files: [DATA, PICTURES],
  licence: 'CC BY-NC 4.0',
  decoding: { temperature: 0, maxTokens: 1024 },
  published: { total: { '7B': 31.1, '13B': 36.1, '7B LoRA': 30.2, '13B LoRA': 38.3, '13B-HD': 39.4 } },
  alsoPublished: [
    { figure: 'total', model: '7B', value: 31.1, spread: 0.2, detail: 'three judge runs' },
    { figure: 'total', model: '13B', value: 36.3, spread: 0.2, detail: 'three judge runs' },
  ],
  publishedIn:
    'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md; the three judge runs: a listing of papers’ results',
  remarks: ['Graded by gpt-4-0613; another judge gives other figures.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    for (const [key, { imagename: image, question }] of await readItems(folder))
      yield {
        questionId: questionIdOf(key),
        image,
        picture: join(pictures, image),
        text: question,
        prompt: question,
        category: 'conv',
      };
  },
  async write(folder, answers) {
    return writeForJudge('mm-vet', gradedItems(await readItems(folder)), answers);
  },
  async summarise(folder, reviews, sample) {
    return summariseGrades('mm-vet', gradedItems(await readItems(folder)), reviews, sample);
  },
};

async function readItems(folder: string): Promise<[string, v.InferOutput<typeof itemSchema>][]> {
  return readJsonEntries(await needFile(folder, DATA), itemSchema);
}

/** `v1_12` → 12. Source: `scripts/convert_mmvet_for_eval.py`, the other way round. */
function questionIdOf(key: string): number {
  return Number(key.replace(/^v1_/, ''));
}

function gradedItems(items: readonly [string, v.InferOutput<typeof itemSchema>][]): readonly GradedItem[] {
  return items.map(([key, { question, answer, capability }]) => ({
    key,
    questionId: questionIdOf(key),
    capabilities: capability,
    request: (prediction) =>
      `${MM_VET_TABLE}\n${[question, spaceAlternatives(answer), prediction, ''].join(' | ')}`,
  }));
}
