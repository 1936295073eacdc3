import type { Interval } from './metrics/interval.js';

/** Published models of the paper and the model zoo; the last two where a listing does not say the size. */
export const PUBLISHED_MODELS = [
  '7B',
  '13B',
  '7B LoRA',
  '13B LoRA',
  '13B-HD',
  'LLaVA-1.5',
  'LLaVA-1.5 LoRA',
] as const;
export type PublishedModel = (typeof PUBLISHED_MODELS)[number];

/** A number that somebody published of a model. */
export interface PublishedFigure {
  /** The name that the figure has in a result. */
  readonly figure: string;
  readonly model: PublishedModel;
  readonly value: number;
  /** Plus or minus, over the runs of the judge, where the publisher tells it. */
  readonly spread?: number;
  /** What sets it apart from another figure of the model, such as `unseen split`. */
  readonly detail?: string;
}

/** By the name of a figure in the result, as tables of papers have them. */
export type PublishedTable = Readonly<Record<string, Partial<Readonly<Record<PublishedModel, number>>>>>;

/** What is published of a benchmark. */
export interface Published {
  readonly published: PublishedTable;
  /** Beside the table: figures with a spread, of other runs or other splits. */
  readonly alsoPublished?: readonly PublishedFigure[];
}

/** Figures whose listing does not name their benchmark: told as they are, compared with nothing. */
export const UNNAMED_FIGURES =
  'A listing of papers’ results also has an overall accuracy of 44.5 for LLaVA-1.5, of a benchmark that it calls only "vqa on 5".\n' +
  'Which one that is, is not known, so nothing is compared with it.\n';

/** All that is published, figure by figure; the table first. */
export function publishedFigures({ published, alsoPublished = [] }: Published): readonly PublishedFigure[] {
  const ofTable = Object.entries(published).flatMap(([figure, values]) =>
    PUBLISHED_MODELS.flatMap((model) => {
      const value = values[model];
      return value === undefined ? [] : [{ figure, model, value }];
    }),
  );
  return [...ofTable, ...alsoPublished];
}

/** Such as `28.3±0.2`, or `92.97`: with the digits that were published. */
export function formatPublished({ value, spread }: Pick<PublishedFigure, 'value' | 'spread'>): string {
  const told = value.toFixed(digitsOf(value));
  return spread === undefined ? told : `${told}±${spread}`;
}

/** Whose figure it is, such as `13B, judge runs`. */
export function describeModel({ model, detail }: Pick<PublishedFigure, 'model' | 'detail'>): string {
  return detail === undefined ? model : `${model}, ${detail}`;
}

/** Whether a published figure, with its spread and as rounded as it is, reaches into an interval. */
export function reachesInto({ value, spread = 0 }: PublishedFigure, [low, high]: Interval): boolean {
  // 85.9 may be anything from 85.85.
  const leeway = spread + 0.5 / 10 ** digitsOf(value);
  return value >= low - leeway && value <= high + leeway;
}

/** Papers print one digit at least. */
function digitsOf(value: number): number {
  return Math.max(1, String(value).split('.')[1]?.length ?? 0);
}
