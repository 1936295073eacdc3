import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Benchmark, BenchmarkFile } from '../benchmark.js';
import { shareFigure } from '../eval-result.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import { readJson } from '../files/read-json.js';
import { equalsIgnoringCase } from '../metrics/exact-match.js';
import type { PublishedFigure } from '../published.js';
import { matchAnswers, refuseOtherQuestions } from '../scoring/match-answers.js';

const FROM = 'https://huggingface.co/datasets/ai4colonoscopy/ColonINST-v1';
const PICTURES: BenchmarkFile = {
  names: ['Positive-images'],
  holds: 'pictures of 19 data sets, each to be asked for and put in order by the authors’ script',
  from: 'https://github.com/ai4colonoscopy/IntelliScope (docs/guideline-for-ColonINST.md)',
  needed: 'to ask',
};
const IMAGE = '<image>\n';

/** A found region counts from this overlap on. */
const ENOUGH_OVERLAP = 0.5;

const itemsSchema = v.array(
  v.object({
    id: v.string(),
    conversations: v.pipe(
      v.array(v.object({ from: v.string(), value: v.string() })),
      v.minLength(2, 'a question and its answer'),
    ),
  }),
);

/** ColonINST, test split: what is in the picture, what is in a region, where something is. */
export const coloninstCls = taskOf(
  'cls',
  'classification',
  figuresOf({ seen: [92.97, 93.33], unseen: [79.1, 80.89] }),
  equalsIgnoringCase,
);
export const coloninstReg = taskOf(
  'reg',
  'referring expression generation',
  figuresOf({ seen: [98.58, 99.32], unseen: [70.38, 72.88] }),
  equalsIgnoringCase,
);
export const coloninstRec = taskOf('rec', 'referring expression comprehension', [], (answer, truth) => {
  const said = parsePixelBox(answer);
  const right = parsePixelBox(truth);
  return said !== undefined && right !== undefined && boxOverlap(said, right) > ENOUGH_OVERLAP;
});

/** Of LLaVA-1.5 tuned by LoRA, without and with extra data. */
function figuresOf(
  splits: Readonly<Record<'seen' | 'unseen', readonly [number, number]>>,
): readonly PublishedFigure[] {
  return (['seen', 'unseen'] as const).flatMap((split) =>
    splits[split].map((value, extra) => ({
      figure: 'accuracy',
      model: 'LLaVA-1.5 LoRA' as const,
      value,
      detail: `${split} split${extra === 1 ? ', extra data' : ''}`,
    })),
  );
}

function taskOf(
  task: 'cls' | 'reg' | 'rec',
  title: string,
  alsoPublished: readonly PublishedFigure[],
  isRight: (answer: string, truth: string) => boolean,
): Benchmark {
  const name = `coloninst-${task}`;
  const data: BenchmarkFile = {
    names: [
      `Json-file/test/ColonINST-test-${task}.json`,
      `test/ColonINST-test-${task}.json`,
      `ColonINST-test-${task}.json`,
    ],
    holds: 'questions with answers',
    from: FROM,
    needed: 'to ask and score',
  };
  return {
    name,
    title: `ColonINST, ${title}`,
    measure: task === 'rec' ? 'boxes that overlap by more than half, %' : 'accuracy, %',
    scoredBy: 'llava',
    files: [data, PICTURES],
    licence: 'see the 19 data sets',
    decoding: { temperature: 0, maxTokens: 40 },
    published: {},
    alsoPublished,
    publishedIn:
      alsoPublished.length > 0
        ? 'hyper.ai’s listing, LLaVA-1.5 tuned by LoRA; it does not say the size'
        : 'no figure of LLaVA-1.5 is known here',
    remarks: [
      'Needs LoRA weights tuned on ColonINST: LLaVA-1.5 itself does not know its labels.',
      'Pictures are named by the row’s id, and several rows may have the same one: they are taken in their order.',
    ],
    async *rows(folder) {
      const pictures = await pictureFolder(folder, PICTURES);
      for (const [position, { id, conversations }] of (await readItems(folder, data)).entries()) {
        const prompt = conversations[0]?.value ?? '';
        const text = prompt.replace(IMAGE, '');
        yield { questionId: position, image: id, picture: join(pictures, id), text, prompt, category: task };
      }
    },
    /** Source: the evaluator of ai4colonoscopy/IntelliScope: equal in small letters, or precision at an overlap of 0.5. */
    async score(folder, answers) {
      const path = await needFile(folder, data);
      const items = await readItems(folder, data);
      const { byId, isAsked, notes } = matchAnswers(
        answers,
        items.map((_, position) => String(position)),
        'refused',
      );
      refuseOtherQuestions(
        answers,
        new Map(
          items.map(({ conversations }, position) => [
            String(position),
            conversations[0]?.value.replace(IMAGE, '') ?? '',
          ]),
        ),
      );
      const asked = [...items.entries()].filter(([position]) => isAsked(String(position)));
      const right = asked.filter(([position, { id, conversations }]) => {
        const truth = conversations.find(({ from }) => from === 'gpt')?.value;
        if (truth === undefined)
          throw new ExpectedError('input', `${quote(path)} has no answer for ${quote(id)}.`, {
            hint: `Get it whole from ${FROM}`,
          });
        return isRight(byId.get(String(position))?.text ?? '', truth);
      });
      return {
        benchmark: name,
        headline: shareFigure('accuracy', right.length, asked.length),
        figures: [],
        notes,
      };
    },
  };
}

async function readItems(folder: string, file: BenchmarkFile): Promise<v.InferOutput<typeof itemsSchema>> {
  return readJson(await needFile(folder, file), itemsSchema);
}

/** Whole pixels, all four inside the box. */
export type PixelBox = readonly [left: number, top: number, right: number, bottom: number];

/** The box of an answer such as `{<40><12><160><216>}`, or undefined. Source: ColonINST's evaluator. */
export function parsePixelBox(text: string): PixelBox | undefined {
  const [left, top, right, bottom] = [...text.matchAll(/<\s*(\d+)\s*>/g)].map((match) => Number(match[1]));
  if (left === undefined || top === undefined || right === undefined || bottom === undefined)
    return undefined;
  return [left, top, right, bottom];
}

/** Intersection over union (0 to 1), both ends of a side counted as inside. Source: ColonINST's evaluator. */
export function boxOverlap(a: PixelBox, b: PixelBox): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (areaOf(a) + areaOf(b) - shared);
}

function areaOf([left, top, right, bottom]: PixelBox): number {
  return Math.max(0, right - left + 1) * Math.max(0, bottom - top + 1);
}
