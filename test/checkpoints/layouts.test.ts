import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import {
  AUTHORS,
  AUTHORS_CONFIG,
  AUTHORS_TENSORS,
  PIECES,
  PROJECTOR,
  renamed,
  TEXT,
  TOWER,
  TRANSFORMERS,
  TRANSFORMERS_CONFIG,
  TRANSFORMERS_TENSORS,
  VISION_CONFIG,
  writeFolder,
  zeros,
  type FolderFiles,
  type Shapes,
} from './tiny-checkpoint.js';
import { tensor, text, stateDict, zipBytes } from './torch-bytes.js';

const folder = join(temporaryFolder(), 'made');

const open = async (files: FolderFiles) => await openCheckpoint(writeFolder(folder, files));

const SHARD = 'model-00001-of-00003.safetensors';
const LORA_A = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';
const LORA_B = LORA_A.replace('lora_A', 'lora_B');
const LORA: FolderFiles = {
  'adapter_config.json': {
    peft_type: 'LORA',
    r: 2,
    lora_alpha: 8,
    target_modules: ['q_proj'],
    base_model_name_or_path: '/data/llava',
  },
  'adapter_model.safetensors': zeros({ [LORA_A]: [2, 8], [LORA_B]: [8, 2] }),
};

function withConfig(files: FolderFiles, change: object): FolderFiles {
  return { ...files, 'config.json': Object.assign({}, files['config.json'], change) };
}

function withTextConfig(change: object): FolderFiles {
  return withConfig(TRANSFORMERS, { text_config: { ...TRANSFORMERS_CONFIG.text_config, ...change } });
}

function withTensors(files: FolderFiles, tensors: Shapes): FolderFiles {
  return { ...files, 'model.safetensors': zeros(tensors) };
}

function without(shapes: Shapes, name: string): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([own]) => own !== name));
}

describe('openCheckpoint', () => {
  it('tells the authors’ layout', async () => {
    const opened = await open(AUTHORS);
    expect(opened).toMatchObject({
      layout: 'llava',
      name: 'made',
      text: {
        hiddenSize: 8,
        layers: 1,
        heads: 4,
        kvHeads: 2,
        headSize: 2,
        vocabularyRows: 6,
        ropeTheta: 10_000,
        tied: false,
      },
      picture: { featureLayer: -2, featureSelect: 'patch' },
      projector: { inputSize: 64, outputSize: 8 },
      vision: undefined,
      towerName: 'openai/clip-vit-large-patch14-336',
    });
    expect(opened.parts.text.size).toBe(12);
    expect(opened.tensors.size).toBe(17);
  });

  it('tells a tower inside, and its sizes by its tensors', async () => {
    const tower = renamed(TOWER, (name) => `model.vision_tower.vision_tower.${name}`);
    const opened = await open(withTensors(AUTHORS, { ...AUTHORS_TENSORS, ...tower }));
    const vision = { imageSize: 4, patchSize: 2, width: 64, layers: 1, heads: 1, feedForwardSize: 10 };
    expect(opened).toMatchObject({ layout: 'llava', vision, towerName: undefined });
  });

  it.each<[string, Shapes]>([
    ['before version 5', TRANSFORMERS_TENSORS],
    [
      'in memory since version 5',
      {
        ...renamed(TEXT, (name) => name.replace('model.', 'model.language_model.')),
        ...renamed(TOWER, (name) => `model.vision_tower.${name}`),
        ...renamed(PROJECTOR, (name) => `model.multi_modal_projector.${name}`),
      },
    ],
    [
      'as version 5 saves it',
      {
        ...renamed(TEXT, (name) => `language_model.${name}`),
        ...renamed(TOWER, (name) => name.replace('vision_model.', 'vision_tower.')),
        ...renamed(PROJECTOR, (name) => `multi_modal_projector.${name}`),
      },
    ],
  ])('tells transformers’ layout %s', async (_, tensors) => {
    const opened = await open(withTensors(TRANSFORMERS, tensors));
    expect(opened).toMatchObject({
      layout: 'llava-hf',
      vision: { imageSize: 4, heads: 1 },
      picture: { featureSelect: 'patch' },
    });
    expect([...opened.parts.text.keys()].sort()).toEqual(Object.keys(TEXT).sort());
    expect(opened.parts.tower.has('encoder.layers.0.mlp.fc1.bias')).toBe(true);
    expect([...opened.parts.projector.keys()].sort()).toEqual(Object.keys(PROJECTOR).sort());
  });

  it('takes tied embeddings where the configuration says so', async () => {
    const tensors = without(TRANSFORMERS_TENSORS, 'language_model.lm_head.weight');
    const files = withTensors(withConfig(TRANSFORMERS, { tie_word_embeddings: true }), tensors);
    expect(await open(files)).toMatchObject({ text: { tied: true } });
  });

  it('tells a LoRA, with what was trained whole beside it', async () => {
    const projector = renamed(
      PROJECTOR,
      (name) =>
        `base_model.model.model.mm_projector.${name.replace('linear_1', '0').replace('linear_2', '2')}`,
    );
    const opened = await open({
      ...LORA,
      'adapter_model.safetensors': zeros({ [LORA_A]: [2, 8], [LORA_B]: [8, 2], ...projector }),
    });
    expect(opened).toMatchObject({
      layout: 'lora',
      lora: { rank: 2, alpha: 8, baseName: '/data/llava' },
      projector: { inputSize: 64, outputSize: 8 },
      text: undefined,
    });
    if (opened.layout !== 'lora') throw new Error();
    expect([...opened.pairs.text].map(([name, { scale }]) => [name, scale])).toEqual([
      ['model.layers.0.self_attn.q_proj', 4],
    ]);
  });

  it('takes modules that PEFT saved whole', async () => {
    const whole = { 'base_model.model.lm_head.modules_to_save.default.weight': [6, 8] };
    const opened = await open({
      ...LORA,
      'adapter_model.safetensors': zeros({ [LORA_A]: [2, 8], [LORA_B]: [8, 2], ...whole }),
    });
    expect([...opened.parts.text.keys()]).toEqual(['lm_head.weight']);
  });

  it('divides by the root of a rank that is stabilised, and takes factors of single modules', async () => {
    const config = Object.assign({}, LORA['adapter_config.json'], {
      use_rslora: true,
      alpha_pattern: { 'self_attn.q_proj': 2 },
    });
    const opened = await open({ ...LORA, 'adapter_config.json': config });
    if (opened.layout !== 'lora') throw new Error();
    expect(opened.pairs.text.get('model.layers.0.self_attn.q_proj')?.scale).toBeCloseTo(2 / Math.SQRT2, 12);
  });

  it('tells a projector alone, and CLIP by itself', async () => {
    const numbers = (count: number) => Buffer.alloc(count * 4);
    const pickle = stateDict(
      text('model.mm_projector.0.weight'),
      tensor({ key: '0', count: 512, shape: [8, 64], strides: [64, 1] }),
      text('model.mm_projector.0.bias'),
      tensor({ key: '1', count: 8, shape: [8], strides: [1] }),
      text('model.mm_projector.2.weight'),
      tensor({ key: '2', count: 64, shape: [8, 8], strides: [8, 1] }),
      text('model.mm_projector.2.bias'),
      tensor({ key: '3', count: 8, shape: [8], strides: [1] }),
    );
    const file = zipBytes([
      ['mm_projector/data.pkl', pickle],
      ...[512, 8, 64, 8].map((count, key) => [`mm_projector/data/${key}`, numbers(count)] as const),
    ]);
    const both = await open({ 'non_lora_trainables.bin': file, 'mm_projector.bin': file });
    expect([...both.tensors.values()].map(({ path }) => path.split('/').at(-1))).toEqual(
      Array.from({ length: 4 }, () => 'non_lora_trainables.bin'),
    );
    const alone = await open({ 'config.json': AUTHORS_CONFIG, 'mm_projector.bin': file });
    expect(alone).toMatchObject({ layout: 'projector', projector: { inputSize: 64, outputSize: 8 } });
    const clip = await open({
      'config.json': { model_type: 'clip', vision_config: VISION_CONFIG },
      'model.safetensors': zeros({
        ...TOWER,
        'text_model.final_layer_norm.weight': [4],
        logit_scale: [],
        'visual_projection.weight': [4, 64],
      }),
    });
    expect(clip).toMatchObject({ layout: 'clip', vision: { width: 64, activation: 'quick_gelu' } });
  });

  it.each<[string, FolderFiles, RegExp]>([
    ['an empty folder', {}, /holds no weights/],
    [
      'a folder of GGUF files',
      { 'model-q4.gguf': Buffer.from('GGUF') },
      /"model-q4\.gguf", which is converted already/,
    ],
    ['a Llama without pictures', withTensors(AUTHORS, TEXT), /is no LLaVA: it has no projector/],
    [
      'no config.json',
      { ...AUTHORS, 'config.json': Buffer.from('') },
      /config\.json" is damaged: it is not a JSON object/,
    ],
    [
      'a size that is text',
      withConfig(AUTHORS, { hidden_size: 'big' }),
      /has "big" as "hidden_size": it must be a whole number/,
    ],
    ['a size inside that is text', withTextConfig({ hidden_size: -8 }), /"-8" as "text_config\.hidden_size"/],
    [
      'a linear projector',
      withConfig(AUTHORS, { mm_projector_type: 'linear' }),
      /projector of the type "linear", the one matrix/,
    ],
    [
      'the tiles of LLaVA-1.6',
      withConfig(AUTHORS, { image_aspect_ratio: 'anyres' }),
      /"anyres" as "image_aspect_ratio"/,
    ],
    [
      'the picture’s own marks of LLaVA 1.0',
      withConfig(AUTHORS, { mm_use_im_start_end: true }),
      /between <im_start> and <im_end>, as LLaVA 1\.0 does/,
    ],
    [
      'another projector',
      withConfig(AUTHORS, { mm_projector_type: 'ldpnetv2' }),
      /projector of the type "ldpnetv2"/,
    ],
    [
      'a third layer',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.mm_projector.4.weight': [8, 8] }),
      /"model\.mm_projector\.4\.weight"/,
    ],
    [
      'a projector without GELU',
      withConfig(TRANSFORMERS, { projector_hidden_act: 'relu' }),
      /a projector with "relu"/,
    ],
    [
      'SigLIP by name',
      withConfig(AUTHORS, { mm_vision_tower: 'google/siglip-so400m-patch14-384' }),
      /"google\/siglip-so400m-patch14-384" as its vision tower/,
    ],
    [
      'SigLIP by type',
      withConfig(TRANSFORMERS, { vision_config: { model_type: 'siglip_vision_model' } }),
      /tower of the type "siglip_vision_model"/,
    ],
    ['another language model', withTextConfig({ model_type: 'qwen2' }), /language model of the type "qwen2"/],
    ['a mixture of experts', withTextConfig({ model_type: 'mixtral' }), /mixture of experts, "mixtral"/],
    ['experts by number', withTextConfig({ num_local_experts: 8 }), /mixture of 8 experts/],
    ['another activation', withTextConfig({ hidden_act: 'gelu' }), /"gelu" as "text_config\.hidden_act"/],
    [
      'positions scaled by long factors',
      withTextConfig({ rope_scaling: { type: 'longrope', long_factor: [1] } }),
      /positions in the way "longrope"/,
    ],
    ['heads that do not divide', withTextConfig({ num_attention_heads: 3 }), /3 heads and 2 of keys/],
    [
      'features of several blocks',
      withConfig(TRANSFORMERS, { vision_feature_layer: [-2, -5] }),
      /"\[-2,-5\]", as ViP-LLaVA/,
    ],
    [
      'the class token’s feature',
      withConfig(TRANSFORMERS, { vision_feature_select_strategy: 'full' }),
      /"full" as "vision_feature_select_strategy"/,
    ],
    [
      'weights quantised',
      withConfig(TRANSFORMERS, { quantization_config: { quant_method: 'awq' } }),
      /are quantised \("awq"\)/,
    ],
    [
      'weights in bytes',
      { ...AUTHORS, 'model.safetensors': zeros(AUTHORS_TENSORS, 'I8') },
      /in I8: it is quantised/,
    ],
    [
      'LLaVA-1.6',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.image_newline': [8] }),
      /"model\.image_newline", as LLaVA-1\.6 has/,
    ],
    [
      'a tensor of no LLaVA',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.layers.0.self_attn.q_norm.weight': [2] }),
      /"model\.layers\.0\.self_attn\.q_norm\.weight"/,
    ],
    [
      'a missing tensor',
      withTensors(AUTHORS, without(AUTHORS_TENSORS, 'model.norm.weight')),
      /lacks the tensor "model\.norm\.weight"/,
    ],
    [
      'a missing output matrix',
      withTensors(AUTHORS, without(AUTHORS_TENSORS, 'lm_head.weight')),
      /lacks the tensor "lm_head\.weight"/,
    ],
    [
      'a missing layer',
      withConfig(AUTHORS, { num_hidden_layers: 2 }),
      /lacks the tensor "model\.layers\.1\.self_attn\.q_proj\.weight" and 8 more/,
    ],
    [
      'a layer too many',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.layers.1.input_layernorm.weight': [8] }),
      /"model\.layers\.1\.input_layernorm\.weight"/,
    ],
    [
      'another vocabulary size',
      withConfig(AUTHORS, { vocab_size: 7 }),
      /"model\.embed_tokens\.weight" in the shape \[6, 8\], where its settings need \[7, 8\]/,
    ],
    [
      'a tower that does not fit',
      withConfig(TRANSFORMERS, { vision_config: { ...VISION_CONFIG, image_size: 8 } }),
      /position_embedding\.weight" in the shape \[5, 64\], where its settings need \[17, 64\]/,
    ],
    [
      'a projector that does not fit',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.mm_projector.2.weight': [8, 9] }),
      /mm_projector\.2\.weight" in the shape \[8, 9\]/,
    ],
    [
      'a missing shard by its number',
      { 'config.json': AUTHORS_CONFIG, [SHARD]: zeros(AUTHORS_TENSORS) },
      /lacks 2 of its 3 weight files: "model-00002-of-00003\.safetensors", "model-00003-of-00003\.safetensors"/,
    ],
    [
      'a missing shard of an index',
      {
        'config.json': AUTHORS_CONFIG,
        'a.safetensors': zeros(TEXT),
        'model.safetensors.index.json': { weight_map: { x: 'a.safetensors', y: 'b.safetensors' } },
      },
      /lacks 1 of its 2 weight files: "b\.safetensors"/,
    ],
    [
      'a tensor that an index promises',
      { ...AUTHORS, 'model.safetensors.index.json': { weight_map: { x: 'model.safetensors' } } },
      /lacks the tensor "x", which the index places in it/,
    ],
    [
      'an index that leads elsewhere',
      { ...AUTHORS, 'model.safetensors.index.json': { weight_map: { x: '../model.safetensors' } } },
      /does not name files of this folder/,
    ],
    [
      'a tensor in two shards',
      {
        'config.json': AUTHORS_CONFIG,
        'a.safetensors': zeros(TEXT),
        'b.safetensors': zeros(TEXT),
        'model.safetensors.index.json': { weight_map: { x: 'a.safetensors', y: 'b.safetensors' } },
      },
      /which ".*a\.safetensors" has too/,
    ],
    [
      'two names of one meaning',
      withTensors(AUTHORS, { ...AUTHORS_TENSORS, 'model.language_model.norm.weight': [8] }),
      /which mean the same/,
    ],
    ['a model and an adapter', { ...AUTHORS, ...LORA }, /holds a whole model and an adapter/],
    ['no vocabulary', { ...AUTHORS, 'tokenizer.model': Buffer.from('no') }, /is no SentencePiece model/],
    [
      'an adapter without settings',
      { ...LORA, 'adapter_config.json': Buffer.from('[]') },
      /adapter_config\.json" is damaged/,
    ],
    [
      'a DoRA by its settings',
      { ...LORA, 'adapter_config.json': { r: 2, use_dora: true } },
      /describes a DoRA/,
    ],
    [
      'a DoRA by its tensors',
      {
        ...LORA,
        'adapter_model.safetensors': zeros({
          [LORA_A]: [2, 8],
          [LORA_B]: [8, 2],
          [LORA_A.replace('lora_A.weight', 'lora_magnitude_vector')]: [8],
        }),
      },
      /is a DoRA/,
    ],
    [
      'another adapter',
      { ...LORA, 'adapter_config.json': { peft_type: 'IA3' } },
      /adapter of the type "IA3"/,
    ],
    [
      'an expression for factors',
      { ...LORA, 'adapter_config.json': { r: 2, alpha_pattern: { '(a+)+$': 2 } } },
      /an expression in "alpha_pattern": "\(a\+\)\+\$"/,
    ],
    [
      'trained tokens',
      {
        ...LORA,
        'adapter_model.safetensors': zeros({
          [LORA_A]: [2, 8],
          [LORA_B]: [8, 2],
          'base_model.model.model.embed_tokens.trainable_tokens_delta': [1, 8],
        }),
      },
      /embed_tokens\.trainable_tokens_delta"/,
    ],
    [
      'half of a pair',
      { ...LORA, 'adapter_model.safetensors': zeros({ [LORA_A]: [2, 8] }) },
      /only one half of the pair/,
    ],
    [
      'a pair that does not multiply',
      { ...LORA, 'adapter_model.safetensors': zeros({ [LORA_A]: [2, 8], [LORA_B]: [8, 3] }) },
      /\[2, 8\] and \[8, 3\], which do not multiply/,
    ],
    [
      'a pair of no LLaVA',
      {
        ...LORA,
        'adapter_model.safetensors': zeros({
          'base_model.model.h.0.c_attn.lora_A.weight': [2, 8],
          'base_model.model.h.0.c_attn.lora_B.weight': [8, 2],
        }),
      },
      /"base_model\.model\.h\.0\.c_attn\.lora_A\.weight"/,
    ],
  ])('refuses %s', async (_, files, problem) => {
    await expect(open(files)).rejects.toMatchObject({
      kind: 'weights',
      hint: expect.stringMatching(/./) as string,
      message: expect.stringMatching(problem) as string,
    });
  });

  it('refuses a folder that is not there', async () => {
    await expect(openCheckpoint(join(folder, 'nowhere'))).rejects.toThrow(
      /nowhere" cannot be read: no such file/,
    );
  });
});

describe('the vocabulary', () => {
  it('has a token for each row: pieces, added tokens over them, and padding', async () => {
    const opened = await open({
      ...AUTHORS,
      'tokenizer.model': PIECES,
      'added_tokens.json': { '▁user': 4 },
      'tokenizer_config.json': {
        add_bos_token: true,
        added_tokens_decoder: { 4: { content: '▁user' }, 9: { content: 'beyond' } },
      },
      'config.json': { ...AUTHORS_CONFIG, bos_token_id: 1, eos_token_id: [2, 3], pad_token_id: 77 },
    });
    if (opened.layout !== 'llava') throw new Error();
    expect(opened.vocabulary).toEqual({
      model: 'llama',
      pre: 'default',
      tokens: ['<unk>', '<s>', '</s>', '▁a', ' user', '[PAD5]'],
      scores: [0, 0, 0, -1, -1000, -10_000],
      types: [2, 3, 3, 1, 4, 5],
      merges: undefined,
      specialTokens: new Map([['bos', 1]]),
      addedTokens: new Map([['bos', true]]),
      addSpacePrefix: undefined,
    });
  });

  const BYTE_LEVEL = {
    model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] },
    pre_tokenizer: { type: 'ByteLevel' },
    added_tokens: [{ id: 3, content: '<|end|>', special: false }],
  };

  it('of GPT-2’s kind has merges', async () => {
    const files = {
      'config.json': AUTHORS_CONFIG,
      'model.safetensors': zeros(AUTHORS_TENSORS),
      'tokenizer.json': BYTE_LEVEL,
    };
    const opened = await open(files);
    if (opened.layout !== 'llava') throw new Error();
    expect(opened.vocabulary).toMatchObject({
      model: 'gpt2',
      pre: 'gpt-2',
      tokens: ['a', 'b', 'ab', '<|end|>', '[PAD4]', '[PAD5]'],
      types: [1, 1, 1, 3, 5, 5],
      merges: ['a b'],
      scores: undefined,
    });
  });

  it.each<[string, object, RegExp]>([
    [
      'another kind',
      { ...BYTE_LEVEL, model: { type: 'WordPiece', vocab: { a: 0 } } },
      /tokenizer of the type "WordPiece"/,
    ],
    [
      'an unknown split',
      {
        ...BYTE_LEVEL,
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: 'x+' } },
            { type: 'ByteLevel', use_regex: false },
          ],
        },
      },
      /not known: "x\+"/,
    ],
    ['no bytes', { ...BYTE_LEVEL, pre_tokenizer: { type: 'Whitespace' } }, /BPE that is not byte-level/],
    [
      'more tokens than rows',
      { ...BYTE_LEVEL, added_tokens: [{ id: 6, content: 'x' }] },
      /tokens up to 6, the embeddings have 6 rows/,
    ],
    [
      'two tokens of one id',
      { ...BYTE_LEVEL, model: { ...BYTE_LEVEL.model, vocab: { a: 0, b: 0 } } },
      /an id of its own/,
    ],
    [
      'merges that are none',
      { ...BYTE_LEVEL, model: { ...BYTE_LEVEL.model, merges: [['a']] } },
      /merges are no pairs/,
    ],
  ])('of %s is refused', async (_, tokenizer, problem) => {
    const files = {
      'config.json': AUTHORS_CONFIG,
      'model.safetensors': zeros(AUTHORS_TENSORS),
      'tokenizer.json': tokenizer,
    };
    await expect(open(files)).rejects.toThrow(problem);
  });
});
