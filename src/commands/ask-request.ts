import { formForEngine, type AnswerForm } from '../forms/answer-form.js';
import { ExpectedError } from '../llava/expected-error.js';
import { checkChoosing } from '../llava/choosing.js';
import { parseMark, type Mark } from '../llava/mark.js';
import { parseRegion } from '../llava/region.js';
import { checkQuestion, type Question, type ResponseFormat } from '../llava/response-format.js';
import type { Sampling } from '../engine/engine.js';
import { answerQuestionOf, type AnswerFlags, type VerdictFlags } from './answer-options.js';
import { readForm } from './read-form.js';
import type {
  CacheFlags,
  DeviceFlags,
  PictureFlags,
  QuestionFlags,
  SamplingFlags,
  WeightFlags,
} from './option-groups.js';

export interface AskFlags
  extends
    WeightFlags,
    DeviceFlags,
    CacheFlags,
    SamplingFlags,
    QuestionFlags,
    AnswerFlags,
    VerdictFlags,
    PictureFlags {
  readonly json?: boolean;
  readonly exitStatus?: boolean;
  readonly stats?: boolean;
  readonly draw?: string;
}

/** Everything `llava ask` needs to know, checked and complete. */
export interface AskRequest {
  readonly question: Question;
  /** Paths; `-` stands for stdin. */
  readonly pictures: readonly string[];
  readonly weights: WeightFlags;
  readonly device: DeviceFlags & CacheFlags;
  readonly sampling: Sampling;
  readonly form: AnswerForm;
  /** Drawn on each picture before the model sees it. */
  readonly marks: readonly Mark[];
  readonly yesNo: boolean;
  /** Probability of yes from which the exit status says so. */
  readonly atLeast: number | undefined;
  readonly exif: boolean;
  readonly json: boolean;
  readonly exitStatus: boolean;
  readonly stats: boolean;
  /** Where the picture with marks, region and box goes. */
  readonly draw: string | undefined;
}

/** @throws ExpectedError for what the command line itself gets wrong, and for its files that cannot be used. */
export function resolveAskRequest(text: string, pictures: readonly string[], flags: AskFlags): AskRequest {
  if (pictures.filter((path) => path === '-').length > 1)
    throw new ExpectedError('usage', '"-" stands for the picture on stdin and was given more than once.', {
      hint: 'Give "-" once',
    });
  const question = questionOf(text, flags);
  checkQuestion(question);
  checkChoosing(question);
  checkVerdict(flags);
  const marks = marksOf(flags);
  if (flags.draw !== undefined) checkDraw(question, marks, pictures);
  const form = readForm(flags);
  return Object.freeze({
    question,
    pictures,
    weights: flags,
    device: flags,
    sampling: {
      ...samplingOf(flags),
      ...formForEngine(form),
      ...(flags.logprobs === true ? { logprobs: true } : {}),
    },
    form,
    marks,
    yesNo: flags.yesNo === true,
    atLeast: flags.atLeast,
    exif: flags.exif,
    json: flags.json === true,
    exitStatus: flags.exitStatus === true,
    stats: flags.stats === true,
    draw: flags.draw,
  });
}

function checkDraw({ format, region }: Question, marks: readonly Mark[], pictures: readonly string[]): void {
  if (format !== 'box' && region === undefined && marks.length === 0)
    throw new ExpectedError(
      'usage',
      `--draw goes with --format box, --region or --mark, not with "${format}" alone.`,
      { hint: 'llava ask --format box "the red car" street.jpg --draw found.png' },
    );
  if (pictures.length > 1)
    throw new ExpectedError('usage', `--draw takes one picture and got ${pictures.length}.`, {
      hint: 'Ask about one picture at a time',
    });
}

function checkVerdict({ atLeast, yesNo, logprobs, json }: AskFlags): void {
  if (atLeast !== undefined && yesNo !== true)
    throw new ExpectedError('usage', `--at-least ${atLeast} goes with --yes-no.`, {
      hint: `llava ask --yes-no --at-least ${atLeast} "Is it raining?" street.jpg`,
    });
  if (logprobs === true && json !== true)
    throw new ExpectedError('usage', '--logprobs goes with --json.', { hint: 'Add --json' });
}

/** The question as the flags put it. */
export function questionOf(text: string, flags: QuestionFlags & AnswerFlags): Question {
  return {
    text,
    format: flags.format ?? usualFormat(text, flags),
    ...answerQuestionOf(flags),
    ...(flags.choice === undefined ? {} : { choices: flags.choice }),
    ...(flags.region === undefined ? {} : { region: parseRegion(flags.region) }),
    ...(flags.ocr === undefined ? {} : { ocrTokens: flags.ocr.split(',').map((word) => word.trim()) }),
  };
}

/** A region without a question asks for its description. */
function usualFormat(
  text: string,
  { choice, labels, labelsFile, yesNo, region }: QuestionFlags & AnswerFlags,
): ResponseFormat {
  if ((labels ?? labelsFile ?? yesNo) !== undefined) return 'short';
  if (choice !== undefined) return 'letter';
  return region !== undefined && text.trim() === '' ? 'region' : 'free';
}

/** What is drawn on pictures. @throws ExpectedError('usage') for what is no mark */
export function marksOf({ mark = [] }: AnswerFlags): readonly Mark[] {
  return mark.map(parseMark);
}

/** The flags' sampling, for the engine. */
export function samplingOf(flags: SamplingFlags): Sampling {
  const { temperature, topP, seed, maxTokens } = flags;
  return { temperature, topP, seed, maxTokens };
}
