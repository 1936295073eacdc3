import { basename } from 'node:path';
import { specialTokensOf, type ConversationForm } from '../../llava/conversation.js';
import { FORM_NAMES, formNamed, type FormName } from '../../llava/conversations/named.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import { tokensIn } from './check-vocabulary.js';
import { textAt } from './header-fields.js';

/** How a model was trained to talk, as far as its file tells. */
export interface FormFinding {
  readonly name: FormName;
  /** A name that is known; special tokens that one form needs; or nothing, and it is LLaVA-1.5's. */
  readonly from: 'name' | 'vocabulary' | 'usual';
  /** Those whose special tokens the vocabulary has. */
  readonly possible: readonly FormName[];
}

/** Names of models whose form is known, as their files and their makers write them. */
const KNOWN: readonly (readonly [name: RegExp, form: FormName])[] = [
  [/llava[-_ ]*(?:v1\.5[-_ ]*)?llama[-_ ]*3/i, 'llama3'],
  [/llava[-_ ]*(?:v1\.5[-_ ]*)?phi[-_ ]*3/i, 'phi3'],
  [/share(?:gpt)?4v/i, 'share4v_v1'],
  [/llava[-_ ]*med/i, 'mistral_instruct'],
];
/** What a file says of its model. */
const NAME_KEYS = ['general.name', 'general.basename', 'general.finetune'];

/** What the file's names and its vocabulary's special tokens say. */
export function findForm(header: GgufHeader): FormFinding {
  const has = tokensIn(header) ?? (() => false);
  const possible = FORM_NAMES.filter((name) => lacking(formNamed(name), has) === undefined);
  const names = [...NAME_KEYS.map((key) => textAt(header, key) ?? ''), basename(header.path)];
  const known = names.flatMap((name) =>
    KNOWN.filter(([pattern]) => pattern.test(name)).map(([, form]) => form),
  );
  const named = known.find((form) => possible.includes(form));
  if (named !== undefined) return { name: named, from: 'name', possible };
  const told = possible.find((name) => specialTokensOf(formNamed(name)).length > 0);
  if (told !== undefined) return { name: told, from: 'vocabulary', possible };
  return { name: 'vicuna_v1', from: 'usual', possible };
}

/**
 * Whether a vocabulary has the special tokens of a form.
 * @throws ExpectedError('weights') that names the first one that is missing
 */
export function checkForm(header: GgufHeader, form: ConversationForm): void {
  const has = tokensIn(header);
  if (has === undefined) return;
  const missing = lacking(form, has);
  if (missing === undefined) return;
  const { possible } = findForm(header);
  throw new ExpectedError(
    'weights',
    `--conversation ${form.name} needs the token ${quote(missing)}, and the vocabulary of ${quote(header.path)} does not have it.`,
    { hint: `Possible: ${possible.map((name) => `--conversation ${name}`).join(', ')}` },
  );
}

/** The first special token of a form that a vocabulary does not have. */
function lacking(form: ConversationForm, has: (text: string) => boolean): string | undefined {
  return specialTokensOf(form).find((token) => !has(token));
}
