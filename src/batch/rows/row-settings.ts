import * as v from 'valibot';
import type { Sampling } from '../../engine/engine.js';

/** Fields that override how a row's answer is drawn; null says nothing. */
export const settingFields = {
  temperature: v.nullish(
    v.pipe(v.number(), v.minValue(0, 'a number from 0 to 2'), v.maxValue(2, 'a number from 0 to 2')),
  ),
  top_p: v.nullish(
    v.pipe(v.number(), v.gtValue(0, 'a number above 0, up to 1'), v.maxValue(1, 'a number above 0, up to 1')),
  ),
  seed: v.nullish(wholeNumber(0, 2 ** 32 - 1)),
  max_tokens: v.nullish(wholeNumber(1, 1_000_000)),
};

/** Names of those fields. */
export const SETTING_NAMES: readonly string[] = Object.keys(settingFields);

export type RowSettings = { readonly [Name in keyof typeof settingFields]?: number | null | undefined };

/** The row's own settings where it has them, the command's elsewhere. */
export function mergeSampling(row: RowSettings, defaults: Sampling): Sampling {
  return {
    temperature: row.temperature ?? defaults.temperature,
    topP: row.top_p ?? defaults.topP,
    seed: row.seed ?? defaults.seed,
    maxTokens: row.max_tokens ?? defaults.maxTokens,
  };
}

function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected));
}
