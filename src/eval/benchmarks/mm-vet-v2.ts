import { join } from 'node:path';
import * as v from 'valibot';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import {
  spaceAlternatives,
  summariseGrades,
  writeForJudge,
  type GradedItem,
} from '../scoring/graded-by-capability.js';
import { MM_VET_V2_TABLE } from '../scoring/judge.js';
import { strip } from '../files/python.js';
import { readJsonEntries } from '../files/read-json.js';

const FROM = 'https://github.com/yuweihao/MM-Vet/tree/main/v2';
const DATA: BenchmarkFile = {
  names: ['mm-vet-v2.json'],
  holds: 'questions with answers and capabilities',
  from: FROM,
  needed: 'to ask and score',
};
const PICTURES: BenchmarkFile = { names: ['images'], holds: 'pictures', from: FROM, needed: 'to ask' };

const itemSchema = v.object({ question: v.string(), answer: v.string(), capability: v.array(v.string()) });
type Item = v.InferOutput<typeof itemSchema>;

/** MM-Vet v2: questions with several pictures among their words. */
export const mmVetV2: Benchmark = {
  name: 'mm-vet-v2',
  title: 'MM-Vet v2',
  measure: 'total, %',
  scoredBy: 'judge',
  files: [DATA, PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 1024 },
  published: {},
  alsoPublished: [
    { figure: 'total', model: '7B', value: 28.3, spread: 0.2 },
    { figure: 'total', model: '13B', value: 33.2, spread: 0.1 },
  ],
  publishedIn: 'a listing of papers’ results; the spread is that of the judge’s runs',
  remarks: [
    'LLaVA-1.5 takes one picture: several are put on one sheet with numbers above, as v2/inference/utils.py does.',
    'Graded by gpt-4-0613; another judge gives other figures.',
  ],
  /** Source: `v2/inference/cogvlm.py`, a model of one picture like LLaVA-1.5: `<IMAGE>` stands where a picture was. */
  async *rows(folder) {
    const folderOfPictures = await pictureFolder(folder, PICTURES);
    for (const [questionId, { question }] of await readItems(folder)) {
      const pieces = strip(question).split('<IMG>').map(strip);
      const images = pieces.filter(isPicture);
      const text = pieces.map((piece) => (isPicture(piece) ? '<IMAGE>' : piece)).join('');
      const pictures = images.map((name) => join(folderOfPictures, name));
      yield {
        questionId,
        image: images[0],
        picture: pictures[0],
        pictures,
        text,
        prompt: text,
        category: 'default',
      };
    }
  },
  async write(folder, answers) {
    return writeForJudge('mm-vet-v2', gradedItems(await readItems(folder)), answers);
  },
  async summarise(folder, reviews, sample) {
    return summariseGrades('mm-vet-v2', gradedItems(await readItems(folder)), reviews, sample);
  },
};

async function readItems(folder: string): Promise<[string, Item][]> {
  return readJsonEntries(await needFile(folder, DATA), itemSchema);
}

function isPicture(piece: string): boolean {
  return /(?:\.jpg|\.jpeg|\.png)$/.test(piece);
}

/** Source: `v2/mm-vet-v2_evaluator.py`; unlike when asking, the pieces keep their white space. */
function gradedItems(items: readonly (readonly [string, Item])[]): readonly GradedItem[] {
  return items.map(([key, { question, answer, capability }]) => ({
    key,
    questionId: key,
    capabilities: capability,
    request: (prediction) => {
      const asked = question
        .split('<IMG>')
        .map((piece) => (/(?:\.jpg|jpeg|\.png)$/.test(piece) ? '<image>' : piece))
        .join('');
      const cells = [asked, spaceAlternatives(answer), prediction].map((cell) =>
        cell.replaceAll('\n', '<br>'),
      );
      return `${MM_VET_V2_TABLE}| ${[...cells, ''].join(' | ')}`;
    },
  }));
}
