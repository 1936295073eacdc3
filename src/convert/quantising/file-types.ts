import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { FloatFormat } from '../gguf/planned-file.js';

/** A number format of a whole file, as llama-quantize calls it. */
export interface FileType {
  /** In lower case, such as `q4_k_m`. */
  readonly name: string;
  /** llama.cpp's number of it: `llama_ftype`. */
  readonly number: number;
  /** Set for what is written without quantising. */
  readonly float: FloatFormat | undefined;
  /** Bits that a number of a Llama takes, on the whole: somewhat more than less. */
  readonly bits: number;
  /** Garbage without knowing which columns matter. */
  readonly needsImportance: boolean;
}

const FLOATS: readonly FloatFormat[] = ['f32', 'f16', 'bf16'];

/** Source: llama.cpp v0.5.0, `llama_ftype` in llama.h, `tensor_requires_imatrix` in llama-quant.cpp, sizes of Llama-3-8B. */
export const FILE_TYPES_BY_NAME: ReadonlyMap<string, FileType> = new Map(
  (
    [
      ['f32', 0, 32],
      ['f16', 1, 16],
      ['bf16', 32, 16],
      ['q8_0', 7, 8.6],
      ['q6_k', 18, 6.7],
      ['q5_k_m', 17, 5.8],
      ['q5_k_s', 16, 5.7],
      ['q5_1', 9, 6.2],
      ['q5_0', 8, 5.7],
      ['q4_k_m', 15, 5],
      ['q4_k_s', 14, 4.8],
      ['q4_1', 3, 5.3],
      ['q4_0', 2, 4.8],
      ['q3_k_l', 13, 4.5],
      ['q3_k_m', 12, 4.2],
      ['q3_k_s', 11, 3.8],
      ['q2_k', 10, 3.4],
      ['q2_k_s', 21, 3.2],
      ['iq4_nl', 25, 4.8],
      ['iq4_xs', 30, 4.6],
      ['iq3_m', 27, 4],
      ['iq3_s', 26, 3.8],
      ['iq3_xs', 22, 3.7],
      ['iq3_xxs', 23, 3.5],
      ['iq2_m', 29, 3.1],
      ['iq2_s', 28, 2.9],
      ['iq2_xs', 20, 2.7],
      ['iq2_xxs', 19, 2.5],
      ['iq1_m', 31, 2.3],
      ['iq1_s', 24, 2.1],
    ] as const
  ).map(([name, number, bits]) => {
    const float = FLOATS.find((format) => format === name);
    const needsImportance = /^(?:iq[12]_|iq3_xx?s|q2_k_s)/.test(name);
    return [name, { name, number, float, bits, needsImportance }];
  }),
);

/** What other programs call these. */
const ALIASES: Readonly<Record<string, string>> = { q3_k: 'q3_k_m', q4_k: 'q4_k_m', q5_k: 'q5_k_m' };

/** @throws ExpectedError('usage') for what is no type, with the list of those that are */
export function fileType(given: string): FileType {
  const name = given.toLowerCase();
  const found = FILE_TYPES_BY_NAME.get(ALIASES[name] ?? name);
  if (found !== undefined) return found;
  throw new ExpectedError('usage', `${quote(given)} is no number format of weights.`, {
    hint: `--type takes ${[...FILE_TYPES_BY_NAME.keys()].join(', ')}`,
  });
}
