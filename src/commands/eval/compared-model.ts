import { InvalidArgumentError } from 'commander';
import { stat } from 'node:fs/promises';
import { KV_TYPES, type KvType } from '../../engine/local/loading/placement.js';
import { FORM_NAMES, type FormName } from '../../llava/conversations/named.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { wholeNumber } from '../options/option-parsers.js';

/** One side of a comparison: weights, and the settings that are its own. */
export interface ComparedModel {
  /** As it was typed. */
  readonly name: string;
  readonly flags: {
    readonly model?: string;
    readonly gguf?: string;
    readonly mmproj?: string;
    readonly lora?: readonly string[];
    readonly imageTokens?: number;
    readonly kvType?: KvType;
    readonly conversation?: FormName;
  };
}

const EXAMPLE = 'llava eval compare 7b 7b-q8_0 --questions q.jsonl, or 7b 7b,image-tokens=144';

/**
 * `7b`, `folder`, `model.gguf,mmproj=mmproj.gguf` or `7b,image-tokens=144,kv-type=q8_0`.
 * @throws ExpectedError('usage') for what is none of these
 */
export async function readComparedModel(given: string): Promise<ComparedModel> {
  const [weights = '', ...settings] = given.split(',');
  if (weights === '') throw unknownSide(given, 'It names no weights.');
  const flags = Object.assign(
    {},
    ...settings.map((setting) => readSetting(given, setting)),
  ) as ComparedModel['flags'];
  const isOwn = /[/\\]|\.gguf$/i.test(weights) || (await stat(weights).catch(() => undefined)) !== undefined;
  return { name: given, flags: { ...(isOwn ? { gguf: weights } : { model: weights }), ...flags } };
}

function readSetting(given: string, setting: string): object {
  const place = setting.indexOf('=');
  const [key, value] = [setting.slice(0, place), setting.slice(place + 1)];
  try {
    if (place > 0 && value !== '') {
      if (key === 'mmproj') return { mmproj: value };
      if (key === 'lora') return { lora: [value] };
      if (key === 'image-tokens') return { imageTokens: wholeNumber(1, 65_536)(value) };
      if (key === 'kv-type' && KV_TYPES.includes(value as KvType)) return { kvType: value };
      if (key === 'conversation' && FORM_NAMES.includes(value as FormName)) return { conversation: value };
    }
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw unknownSide(given, `${key}: ${error.message}`);
    throw error;
  }
  throw unknownSide(
    given,
    `${quote(setting)} is none of mmproj=FILE, lora=FILE, image-tokens=N, kv-type=${KV_TYPES.join('|')}, conversation=${FORM_NAMES.join('|')}.`,
  );
}

function unknownSide(given: string, problem: string): ExpectedError {
  return new ExpectedError('usage', `${quote(given)} cannot be compared: ${problem}`, { hint: EXAMPLE });
}
