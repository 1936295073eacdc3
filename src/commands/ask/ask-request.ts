import type { Asking } from '../../answer/asked-question.js';
import type { QuestionFlags } from '../../answer/question-flags.js';
import { settleQuestion } from '../../answer/question-options.js';
import { readQuestionFlags } from '../../answer/read-question-flags.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { EngineChoice } from '../../remote/find-engine.js';
import type { PictureWishes } from '../../llava/picture.js';
import type { PartChoice } from '../../llava/picture-part.js';
import type { NamingFlags } from '../options/picture-sources.js';
import { samplingOf, type JsonFlag, type SamplingFlags } from '../options/option-groups.js';
import { pictureWishes, type PartFlags, type PictureFlags } from '../options/picture-options.js';

export interface AskFlags
  extends
    EngineChoice,
    SamplingFlags,
    QuestionFlags,
    PictureFlags,
    PartFlags<PartChoice>,
    NamingFlags,
    JsonFlag {
  /** With `yesNo`: the probability of yes from which the exit status says so. */
  readonly atLeast?: number;
  readonly logprobs?: boolean;
  readonly exitStatus?: boolean;
  readonly stats?: boolean;
  readonly draw?: string;
  readonly tile?: boolean;
}

/** Everything `llava ask` needs to know, checked and complete. */
export interface AskRequest {
  readonly asking: Asking;
  /** Paths, folders, patterns and addresses; `-` stands for stdin. */
  readonly pictures: readonly string[];
  readonly naming: NamingFlags;
  /** All pictures on one sheet, numbered. */
  readonly tile: boolean;
  readonly engine: EngineChoice;
  readonly yesNo: boolean;
  /** Probability of yes from which the exit status says so. */
  readonly atLeast: number | undefined;
  readonly wishes: PictureWishes & { readonly exif: boolean };
  /** Frames or pages to ask about; default: what each file shows first. */
  readonly parts: PartChoice | undefined;
  readonly json: boolean;
  readonly exitStatus: boolean;
  readonly stats: boolean;
  /** Where the picture with marks, region and box goes. */
  readonly draw: string | undefined;
}

/** @throws ExpectedError for what the command line itself gets wrong, and for its files that cannot be used. */
export function resolveAskRequest(text: string, pictures: readonly string[], flags: AskFlags): AskRequest {
  const readings = [...pictures, flags.filesFrom].filter((path) => path === '-').length;
  if (readings > 1)
    throw new ExpectedError('usage', '"-" stands for stdin and can be given only once.', {
      hint: 'Give "-" once',
    });
  const options = { ...readQuestionFlags(flags), logprobs: flags.logprobs };
  const asking = settleQuestion(text, options, { sampling: samplingOf(flags) });
  checkVerdict(flags);
  if (flags.draw !== undefined) checkDraw(asking);
  return Object.freeze({
    asking,
    pictures,
    naming: flags,
    tile: flags.tile === true,
    engine: flags,
    yesNo: flags.yesNo === true,
    atLeast: flags.atLeast,
    wishes: pictureWishes(flags),
    parts: flags.frame ?? flags.page,
    json: flags.json === true,
    exitStatus: flags.exitStatus === true,
    stats: flags.stats === true,
    draw: flags.draw,
  });
}

function checkDraw({ question: { format, region }, marks }: Asking): void {
  if (format !== 'box' && region === undefined && marks.length === 0)
    throw new ExpectedError(
      'usage',
      `--draw goes with --format box, --region or --mark, not with "${format}" alone.`,
      { hint: 'llava ask --format box "the red car" street.jpg --draw found.png' },
    );
}

/** @throws ExpectedError('usage') when several pictures would be drawn to one file */
export function checkOneDrawn(pictures: number): void {
  if (pictures > 1)
    throw new ExpectedError('usage', `--draw takes one picture, not ${pictures}.`, {
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
