import { pythonJson } from './files/python.js';
import type { EvalResult } from './eval-result.js';
import type { AnswerFile } from './files/read-answers.js';
import type { Published } from './published.js';

/** Where a licence was not found in the publisher's own words. */
export const SEE_PUBLISHER = 'see the publisher’s page';

/** One file (or folder) of a benchmark. */
export interface BenchmarkFile {
  /** Paths from the benchmark's folder, the published one first; any of them will do. */
  readonly names: readonly string[];
  /** What is in it, such as "questions with answers". */
  readonly holds: string;
  /** Where it is published. */
  readonly from: string;
  /** Rows need questions and pictures; scoring needs the answers. `either`: one of the files marked so will do. */
  readonly needed: 'to ask' | 'to score' | 'to ask and score' | 'either' | 'optional';
}

/** How the authors decode; all of them are greedy, one beam. */
export interface Decoding {
  readonly temperature: number;
  readonly maxTokens: number;
}

/** One question, ready to be asked. */
export interface EvalRow {
  readonly questionId: string | number;
  /** As the authors' question file has it: a path inside their folder of pictures. Undefined: no picture. */
  readonly image: string | undefined;
  /** Where the picture is: a path, or a data URL where the benchmark's file holds it. */
  readonly picture: string | undefined;
  /** More than one where the question is about several, in their order; `picture` is the first. */
  readonly pictures?: readonly string[];
  /** The user's turn, without `<image>`. */
  readonly text: string;
  /** What the authors' answer files have as "prompt"; ScienceQA and MMBench differ from `text`. */
  readonly prompt: string;
  /** `default` where the authors have none. */
  readonly category: string;
  /** Further fields of the answer line, such as MMBench's `options`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A file to write: a submission, or what a judge reads. */
export interface FileToWrite {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** What becomes of it: "upload to …", "input of …". */
  readonly purpose: string;
}

/** A benchmark: what it needs, how it asks and how it scores. */
export interface Benchmark extends Published {
  /** What is typed, such as `scienceqa`. */
  readonly name: string;
  readonly title: string;
  /** What its headline figure is, with the unit. */
  readonly measure: string;
  /** Who scores: this program, a server that takes a file, or a judge model that others run. */
  readonly scoredBy: 'llava' | 'server' | 'judge';
  readonly files: readonly BenchmarkFile[];
  readonly licence: string;
  readonly decoding: Decoding;
  /** Where the published figures stand. */
  readonly publishedIn: string;
  /** What a user should know before comparing. */
  readonly remarks: readonly string[];
  /**
   * The questions in the benchmark's order.
   * @throws ExpectedError('input') when a file is missing or is not what it should be
   */
  rows(folder: string): AsyncIterable<EvalRow>;
  /** What a row is scored together with: rows of one unit are drawn together. Default: its question id. */
  unitOf?(row: EvalRow): string;
  /**
   * The figures of answers, where labels are public.
   * @throws ExpectedError('input') when files or answers do not belong together
   */
  score?(folder: string, answers: AnswerFile): Promise<EvalResult>;
  /** Submission or judge files. @throws ExpectedError('input') as `score` */
  write?(folder: string, answers: AnswerFile): Promise<readonly FileToWrite[]>;
  /**
   * The figures of what a judge said; several files are several runs.
   * @param sample questions without a review are left out, not refused
   * @throws ExpectedError('input')
   */
  summarise?(folder: string, reviews: readonly string[], sample?: boolean): Promise<EvalResult>;
}

/** A line of the authors' question files. */
export function questionLine({ questionId, image, picture, text, category }: EvalRow): string {
  return `${pythonJson({ question_id: questionId, image: image ?? picture, text, category })}\n`;
}
