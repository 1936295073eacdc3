import { quote } from '../../llava/quote.js';
import { fileError } from '../checkpoint-error.js';
import type { Fields } from './fields.js';
import type { RopeScaling, TextSettings } from './settings.js';

/** What transformers takes for what a configuration leaves out: LlamaConfig and MistralConfig. */
const DEFAULTS = {
  llama: { feedForwardSize: 11_008, kvHeads: undefined, contextLength: 2048, rmsNormEpsilon: 1e-6 },
  mistral: { feedForwardSize: 14_336, kvHeads: 8, contextLength: 131_072, rmsNormEpsilon: 1e-6 },
} as const;

const REMEDY = 'Only LLaVA-1.5 on a Llama or Mistral is converted.';

/**
 * The language model's settings from the object that holds them: `config.json` itself in the authors' layout, its
 * `text_config` in transformers'.
 * @param family of the model: what missing fields stand for
 * @throws ExpectedError('weights') for what no Llama has, quoting the value
 */
export function readTextSettings(fields: Fields, family: 'llama' | 'mistral'): TextSettings {
  const defaults = DEFAULTS[family];
  refuseOthers(fields);
  const hiddenSize = fields.size('hidden_size') ?? 4096;
  const heads = fields.size('num_attention_heads') ?? 32;
  const headSize = fields.size('head_dim') ?? hiddenSize / heads;
  const kvHeads = fields.size('num_key_value_heads') ?? defaults.kvHeads ?? heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % kvHeads !== 0)
    throw fileError(
      fields.path,
      `has ${heads} heads and ${kvHeads} of keys for a hidden size of ${hiddenSize}, which do not divide`,
      'Check the file: it does not describe a Llama.',
    );
  const rope = readRope(fields);
  return {
    hiddenSize,
    layers: fields.size('num_hidden_layers') ?? 32,
    heads,
    kvHeads,
    headSize,
    feedForwardSize: fields.size('intermediate_size') ?? defaults.feedForwardSize,
    vocabularyRows: fields.size('vocab_size') ?? 32_000,
    contextLength: fields.size('max_position_embeddings') ?? defaults.contextLength,
    rmsNormEpsilon: fields.number('rms_norm_eps') ?? defaults.rmsNormEpsilon,
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    tied: fields.flag('tie_word_embeddings') ?? false,
  };
}

/** Llama or Mistral, by the model's type and the class's name. */
export function familyOf(fields: Fields, architectures: readonly string[]): 'llama' | 'mistral' {
  const type = fields.text('model_type') ?? 'llama';
  if (/mixtral|moe/i.test(`${type} ${architectures.join(' ')}`))
    throw fileError(fields.path, `describes a mixture of experts, ${quote(type)}`, REMEDY);
  if (/^(?:llama|llava|llava_llama)$/.test(type))
    return architectures.some((name) => /mistral/i.test(name)) ? 'mistral' : 'llama';
  if (/^(?:mistral|llava_mistral)$/.test(type)) return 'mistral';
  throw fileError(fields.path, `describes a language model of the type ${quote(type)}`, REMEDY);
}

function refuseOthers(fields: Fields): void {
  const activation = fields.text('hidden_act') ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish')
    throw fileError(fields.path, `has ${quote(activation)} as ${fields.nameOf('hidden_act')}`, REMEDY);
  const experts = fields.whole('num_local_experts') ?? fields.whole('num_experts') ?? 1;
  if (experts > 1) throw fileError(fields.path, `describes a mixture of ${experts} experts`, REMEDY);
  const turned = fields.number('partial_rotary_factor') ?? 1;
  if (turned !== 1)
    throw fileError(fields.path, `has ${turned} as ${fields.nameOf('partial_rotary_factor')}`, REMEDY);
}

/** Since version 5 transformers writes `rope_parameters`, before `rope_theta` and `rope_scaling`. */
function readRope(fields: Fields): { readonly theta: number; readonly scaling: RopeScaling | undefined } {
  const scaling = fields.object('rope_parameters') ?? fields.object('rope_scaling');
  const theta = scaling?.number('rope_theta') ?? fields.number('rope_theta') ?? 10_000;
  return { theta, scaling: scaling === undefined ? undefined : readScaling(fields, scaling) };
}

function readScaling(fields: Fields, scaling: Fields): RopeScaling | undefined {
  const kind = scaling.text('rope_type') ?? scaling.text('type') ?? 'default';
  const factor = scaling.number('factor');
  const originalContext =
    scaling.size('original_max_position_embeddings') ?? fields.size('original_max_position_embeddings');
  // Dynamic scaling changes nothing up to the context that the file states, and no further is gone.
  if (kind === 'default' || kind === 'dynamic') return undefined;
  if (kind === 'linear' && factor !== undefined) return { kind, factor };
  if (kind === 'llama3')
    return {
      kind,
      factor: factor ?? 8,
      lowFrequencyFactor: scaling.number('low_freq_factor') ?? 1,
      highFrequencyFactor: scaling.number('high_freq_factor') ?? 4,
      originalContext: originalContext ?? 8192,
    };
  if (kind === 'yarn' && factor !== undefined && originalContext !== undefined)
    return {
      kind,
      factor,
      originalContext,
      extrapolationFactor: scaling.number('extrapolation_factor'),
      attentionFactor: scaling.number('attention_factor') ?? scaling.number('attn_factor'),
      betaFast: scaling.number('beta_fast'),
      betaSlow: scaling.number('beta_slow'),
    };
  throw fileError(
    fields.path,
    `scales positions in the way ${quote(kind)}, which is not converted`,
    'Convert a checkpoint with the usual positions, or linear, yarn or llama3 scaling.',
  );
}
