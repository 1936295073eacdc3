import type {
  ConversationHints,
  RopeScaling,
  TextSettings,
} from '../../checkpoints/configuration/settings.js';
import type { Vocabulary } from '../../checkpoints/vocabulary/vocabulary.js';
import type { FloatFormat } from '../gguf/planned-file.js';
import { bool, f32, f32s, i32s, text, texts, u32, type MetadataValue } from '../gguf/metadata.js';

type Entry = readonly [key: string, value: MetadataValue];

/** llama.cpp's numbers of whole files' formats: `llama_ftype`. */
export const FILE_TYPES: Readonly<Record<FloatFormat, number>> = { f32: 0, f16: 1, bf16: 32 };

/** What a Llama's sizes are, in the order and types of llama.cpp's converter. */
export function sizesMetadata(settings: TextSettings, format: FloatFormat): readonly Entry[] {
  return [
    ['llama.block_count', u32(settings.layers)],
    ['llama.context_length', u32(settings.contextLength)],
    ['llama.embedding_length', u32(settings.hiddenSize)],
    ['llama.feed_forward_length', u32(settings.feedForwardSize)],
    ['llama.attention.head_count', u32(settings.heads)],
    ['llama.attention.head_count_kv', u32(settings.kvHeads)],
    ...ropeMetadata(settings.ropeScaling),
    ['llama.rope.freq_base', f32(settings.ropeTheta)],
    ['llama.attention.layer_norm_rms_epsilon', f32(settings.rmsNormEpsilon)],
    ['llama.attention.key_length', u32(settings.headSize)],
    ['llama.attention.value_length', u32(settings.headSize)],
    ['general.file_type', u32(FILE_TYPES[format])],
    ['llama.vocab_size', u32(settings.vocabularyRows)],
    ['llama.rope.dimension_count', u32(settings.headSize)],
    ['general.quantization_version', u32(2)],
  ];
}

/** `llama3` is a tensor instead; see rope-factors.ts. */
function ropeMetadata(scaling: RopeScaling | undefined): readonly Entry[] {
  if (scaling === undefined || scaling.kind === 'llama3') return [];
  const prefix = 'llama.rope.scaling.';
  const entries: Entry[] = [
    [`${prefix}type`, text(scaling.kind)],
    [`${prefix}factor`, f32(scaling.factor)],
  ];
  if (scaling.kind === 'linear') return entries;
  entries.push([`${prefix}original_context_length`, u32(scaling.originalContext)]);
  const optional = [
    ['yarn_ext_factor', scaling.extrapolationFactor],
    ['yarn_attn_factor', scaling.attentionFactor],
    ['yarn_beta_fast', scaling.betaFast],
    ['yarn_beta_slow', scaling.betaSlow],
  ] as const;
  for (const [key, value] of optional) if (value !== undefined) entries.push([prefix + key, f32(value)]);
  return entries;
}

/** GGUF's names of special tokens where they are not those of transformers. */
const TOKEN_NAMES: Readonly<Record<string, string>> = { unk: 'unknown', sep: 'seperator', pad: 'padding' };

/** The vocabulary, in the order and types of llama.cpp's converter; chat templates with it. */
export function vocabularyMetadata(
  vocabulary: Vocabulary,
  conversation: ConversationHints,
): readonly Entry[] {
  const { addSpacePrefix, merges, model, pre, scores, tokens, types } = vocabulary;
  const prefix = 'tokenizer.ggml.';
  const entries: Entry[] = [];
  if (addSpacePrefix !== undefined) entries.push([`${prefix}add_space_prefix`, bool(addSpacePrefix)]);
  entries.push(
    [`${prefix}model`, text(model)],
    [`${prefix}pre`, text(pre)],
    [`${prefix}tokens`, texts(tokens)],
  );
  if (scores !== undefined) entries.push([`${prefix}scores`, f32s(scores)]);
  entries.push([`${prefix}token_type`, i32s(types)]);
  if (merges !== undefined && merges.length > 0) entries.push([`${prefix}merges`, texts(merges)]);
  for (const [name, id] of vocabulary.specialTokens)
    entries.push([`${prefix}${TOKEN_NAMES[name] ?? name}_token_id`, u32(id)]);
  for (const [name, isAdded] of vocabulary.addedTokens)
    entries.push([`${prefix}add_${name}_token`, bool(isAdded)]);
  return [...entries, ...templateMetadata(conversation)];
}

function templateMetadata({ chatTemplates }: ConversationHints): readonly Entry[] {
  const others = chatTemplates.filter(({ name }) => name !== 'default');
  const names = others.map(({ name }) => name.replace(/[^A-Za-z0-9]/g, '_'));
  const entries = others.map(({ template }, index): Entry => [
    `tokenizer.chat_template.${names[index] ?? ''}`,
    text(template),
  ]);
  if (names.length > 0) entries.push(['tokenizer.chat_templates', texts([...new Set(names)])]);
  const usual = chatTemplates.find(({ name }) => name === 'default')?.template;
  if (usual !== undefined && usual !== '') entries.push(['tokenizer.chat_template', text(usual)]);
  return entries;
}
