import { readTextFile } from '../files/read-text-file.js';
import { NO_FORM, type AnswerForm } from '../forms/answer-form.js';
import { readSchema } from '../forms/answer-schema.js';
import { openGrammar } from '../forms/gbnf.js';
import { ExpectedError } from '../llava/expected-error.js';
import { parseMark } from '../llava/mark.js';
import { quote } from '../llava/quote.js';
import { parseRegion } from '../llava/region.js';
import { splitList, type QuestionFlags } from './question-flags.js';
import type { QuestionOptions } from './question-options.js';

/**
 * What the flags say of questions; files that they name are read.
 * @throws ExpectedError('input') for a file that cannot be read; ExpectedError('usage') for what is no schema, grammar,
 * region or mark
 */
export function readQuestionFlags(flags: QuestionFlags): QuestionOptions {
  const { format, choice, ocr, yesNo, unconstrained, normalise, region, mark } = flags;
  const isTold = flags.probabilities === true || yesNo === true || normalise !== undefined;
  return {
    format,
    choices: choice,
    ocrTokens: ocr === undefined ? undefined : splitList(ocr),
    labels: yesNo === true ? ['yes', 'no'] : labelsOf(flags),
    unconstrained: unconstrained === true ? true : undefined,
    probabilities: isTold ? (normalise ?? 'none') : undefined,
    region: region === undefined ? undefined : parseRegion(region),
    marks: mark?.map(parseMark),
    form: formOf(flags),
  };
}

function labelsOf({ labels, labelsFile }: QuestionFlags): readonly string[] | undefined {
  if (labelsFile === undefined) return labels;
  return readTextFile('The labels', labelsFile, 'Name a text file with one label per line')
    .split(/\r?\n/)
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

function formOf({ schema, grammar }: QuestionFlags): AnswerForm {
  if (schema !== undefined) return { schema: readSchema(parseSchema(schema)) };
  return grammar === undefined ? NO_FORM : { grammar: openGrammar(readNamed('The grammar', grammar)) };
}

/** A schema is an object, and few files are called by a name that begins with a brace. */
function parseSchema(value: string): unknown {
  const text = value.trimStart().startsWith('{') ? value : readNamed('The schema', value);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExpectedError(
      'usage',
      `The schema ${quote(value, 80)} is not JSON: ${quote(reason).slice(1, -1)}`,
      {
        hint: 'Give a file with a JSON Schema, or the schema itself between quotes',
        cause: error,
      },
    );
  }
}

function readNamed(what: string, path: string): string {
  return readTextFile(what, path, 'Check the path; it starts at the current folder');
}
