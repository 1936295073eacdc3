import { quote } from '../../llava/quote.js';
import { fileError } from '../checkpoint-error.js';
import type { Fields } from './fields.js';
import type { LoraSettings } from './settings.js';

const MERGE = 'Merge it into its base with PEFT (merge_and_unload), then convert the merged checkpoint.';

/**
 * `adapter_config.json` of PEFT.
 * @throws ExpectedError('weights') for other methods than plain LoRA, by name
 */
export function readLoraSettings(fields: Fields): LoraSettings {
  const type = fields.text('peft_type') ?? 'LORA';
  if (type !== 'LORA') throw fileError(fields.path, `describes an adapter of the type ${quote(type)}`, MERGE);
  if (fields.flag('use_dora') ?? false)
    throw fileError(fields.path, 'describes a DoRA ("use_dora": true)', MERGE);
  if (fields.flag('lora_bias') ?? false)
    throw fileError(fields.path, 'describes a LoRA with biases ("lora_bias": true)', MERGE);
  if (fields.flag('fan_in_fan_out') ?? false)
    throw fileError(fields.path, 'has transposed matrices ("fan_in_fan_out": true)', MERGE);
  const alphas = fields.object('alpha_pattern');
  // Expressions are not run: other people's may take for ever.
  const expression = alphas?.keys.find((key) => !/^\^?[\w.]+$/.test(key));
  if (expression !== undefined)
    throw fileError(fields.path, `has an expression in "alpha_pattern": ${quote(expression)}`, MERGE);
  return {
    rank: fields.size('r') ?? 8,
    alpha: fields.number('lora_alpha') ?? 8,
    rankStabilised: fields.flag('use_rslora') ?? false,
    alphaPattern: new Map(alphas?.keys.map((key) => [key, alphas.number(key) ?? 0])),
    baseName: fields.text('base_model_name_or_path'),
  };
}
