import { ExpectedError } from '../llava/expected-error.js';
import { checkChoosing } from '../llava/choosing.js';
import { checkQuestion, type Question } from '../llava/response-format.js';
import type { Sampling } from '../engine/engine.js';
import { answerQuestionOf, type AnswerFlags, type VerdictFlags } from './answer-options.js';
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
  readonly yesNo: boolean;
  /** Probability of yes from which the exit status says so. */
  readonly atLeast: number | undefined;
  readonly exif: boolean;
  readonly json: boolean;
  readonly exitStatus: boolean;
  readonly stats: boolean;
  /** Where the picture with the box goes. */
  readonly draw: string | undefined;
}

/** @throws ExpectedError('usage') for what the command line itself gets wrong. */
export function resolveAskRequest(text: string, pictures: readonly string[], flags: AskFlags): AskRequest {
  if (pictures.filter((path) => path === '-').length > 1)
    throw new ExpectedError('usage', '"-" stands for the picture on stdin and was given more than once.', {
      hint: 'Give "-" once',
    });
  const question = questionOf(text, flags);
  checkQuestion(question);
  checkChoosing(question);
  checkVerdict(flags);
  if (flags.draw !== undefined) checkDraw(question, pictures);
  return Object.freeze({
    question,
    pictures,
    weights: flags,
    device: flags,
    sampling: { ...samplingOf(flags), ...(flags.logprobs === true ? { logprobs: true } : {}) },
    yesNo: flags.yesNo === true,
    atLeast: flags.atLeast,
    exif: flags.exif,
    json: flags.json === true,
    exitStatus: flags.exitStatus === true,
    stats: flags.stats === true,
    draw: flags.draw,
  });
}

function checkDraw({ format }: Question, pictures: readonly string[]): void {
  if (format !== 'box')
    throw new ExpectedError('usage', `--draw goes with --format box, not with "${format}".`, {
      hint: 'llava ask --format box "the red car" street.jpg --draw found.png',
    });
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
  const format = flags.format ?? (flags.choice === undefined ? 'free' : 'letter');
  return {
    text,
    format,
    ...answerQuestionOf(flags),
    ...(flags.choice === undefined ? {} : { choices: flags.choice }),
    ...(flags.ocr === undefined ? {} : { ocrTokens: flags.ocr.split(',').map((word) => word.trim()) }),
  };
}

/** The flags' sampling, for the engine. */
export function samplingOf(flags: SamplingFlags): Sampling {
  const { temperature, topP, seed, maxTokens } = flags;
  return { temperature, topP, seed, maxTokens };
}
