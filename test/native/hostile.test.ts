import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readGguf } from '../reference/gguf-reader.js';
import { writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { writeRandomPair } from '../reference/random-pair.js';
import { randomText } from '../reference/random-text.js';
import { randomVision } from '../reference/random-vision.js';
import { Seeded } from '../reference/seeded.js';
import type { HostileJob, HostileResult } from './hostile-open.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

const tiny = {
  blocks: 1,
  visionWidth: 32,
  visionHeads: 2,
  visionHidden: 64,
  imageSize: 28,
  projectorWidth: 32,
  textWidth: 32,
  textBlocks: 1,
  textHeads: 2,
  textHidden: 64,
  vocabularySize: 384,
  contextLength: 512,
};
const opener = fileURLToPath(new URL('hostile-open.ts', import.meta.url));

/** What became of a file that is not what it should be; `crashed`: it took the process with it. */
interface Outcome {
  readonly label: string;
  readonly outcome: HostileResult['outcome'] | 'crashed';
  readonly message: string;
}

describe.each(['mmproj', 'model'] as const)('a damaged %s never ends the process', (damaged) => {
  const folder = mkdtempSync(join(tmpdir(), 'llava-hostile-'));
  const pair = writeRandomPair(folder, tiny);
  const whole = readFileSync(pair[damaged]);
  const { dataStart } = readGguf(pair[damaged]);
  const random = new Seeded(11);
  const labels: string[] = [];
  let outcomes: readonly Outcome[] = [];

  beforeAll(async () => {
    add('whole', whole);
    addCuts();
    addBytes();
    addFacts();
    outcomes = await openAll();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('when it is whole, it is used', () => {
    expect(outcomesOf('whole')).toEqual([{ label: 'whole', outcome: 'used', message: '' }]);
  });

  it('when it is cut off anywhere, it is refused', () => {
    expect(outcomesOf('cut').filter(({ outcome }) => outcome !== 'refused')).toEqual([]);
  });

  it('when bytes of its header are others', () => {
    expect(outcomesOf('byte').filter(isAlarming)).toEqual([]);
    expect(outcomesOf('byte').filter(({ outcome }) => outcome === 'refused').length).toBeGreaterThan(20);
  });

  it('when its facts do not hold', () => {
    expect(outcomesOf('key').filter(isAlarming)).toEqual([]);
  });

  function outcomesOf(kind: string): Outcome[] {
    const found = outcomes.filter(({ label }) => label.startsWith(kind));
    expect(found).not.toEqual([]);
    return found;
  }

  function addCuts(): void {
    const inHeader = Array.from({ length: 50 }, () => random.below(dataStart));
    const inData = Array.from({ length: 10 }, () => dataStart + random.below(whole.length - dataStart - 32));
    for (const length of [0, 3, 4, 7, 8, 23, 24, dataStart, ...inHeader, ...inData]) {
      add(`cut to ${length} bytes`, whole.subarray(0, length));
    }
  }

  /** Most of a language model's header is vocabulary: keys are at its start, tensors at its end. */
  function addBytes(): void {
    for (let i = 0; i < 120; i++) {
      const at =
        i % 3 === 0 ? random.below(600) : dataStart - 1 - random.below(i % 3 === 1 ? 1500 : dataStart);
      const bytes = Uint8Array.from(whole);
      bytes[at] = random.below(256);
      add(`byte ${at} made ${bytes[at]}`, bytes);
    }
  }

  function addFacts(): void {
    const right = damaged === 'model' ? randomText(tiny) : randomVision(tiny);
    for (const [key, value] of wrongFacts[damaged]) {
      const metadata = new Map(right.metadata);
      if (value === undefined) {
        metadata.delete(key);
      } else {
        metadata.set(key, value);
      }
      const label = `key ${key} ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80)}`;
      writeGguf(fileOf(labels.push(label) - 1), { ...right, metadata });
    }
  }

  function add(label: string, bytes: Uint8Array): void {
    writeFileSync(fileOf(labels.push(label) - 1), bytes);
  }

  function fileOf(index: number): string {
    return join(folder, `${index}.gguf`);
  }

  /** Opens all files in one process, and goes on behind a crash in another. */
  async function openAll(): Promise<Outcome[]> {
    const all: Outcome[] = [];
    while (all.length < labels.length) {
      const files = labels.map((_, index) => fileOf(index)).slice(all.length);
      const job: HostileJob = { damaged, other: damaged === 'model' ? pair.mmproj : pair.model, files };
      const child = await execa('node', ['--import', 'tsx', opener, JSON.stringify(job)], { reject: false });
      if (!child.stdout.startsWith('ready')) {
        throw new Error(`Expected the opener to start but received: ${child.stderr}`);
      }
      const lines = child.stdout.split('\n').filter((line) => line.startsWith('{'));
      all.push(
        ...lines.map((line, i) => ({
          label: labels[all.length + i]!,
          ...(JSON.parse(line) as HostileResult),
        })),
      );
      if (child.exitCode !== 0) {
        all.push({ label: labels[all.length] ?? 'the end', outcome: 'crashed', message: child.stderr });
      }
    }
    return all;
  }
});

function isAlarming({ outcome }: Outcome): boolean {
  return outcome === 'crashed' || outcome === 'failed';
}

const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
const float32 = (value: number): TypedValue => ({ type: 'float32', value });
const strings = (items: readonly string[]): TypedValue => ({ type: 'array', of: 'string', items });

/** Facts that are refused, or harmless, but no reason to abort; undefined leaves the key out. */
const wrongFacts: Readonly<
  Record<'model' | 'mmproj', readonly [key: string, value: TypedValue | undefined][]>
> = {
  model: [
    ['llama.attention.layer_norm_rms_epsilon', float32(-1)],
    ['llama.attention.layer_norm_rms_epsilon', float32(NaN)],
    ['llama.attention.layer_norm_rms_epsilon', undefined],
    ['llama.feed_forward_length', undefined],
    ['llama.feed_forward_length', uint32(0)],
    ['llama.feed_forward_length', uint32(63)],
    ['llama.attention.head_count', uint32(0)],
    ['llama.attention.head_count', uint32(3)],
    ['llama.attention.head_count', uint32(64)],
    ['llama.attention.head_count_kv', uint32(0)],
    ['llama.attention.head_count_kv', uint32(3)],
    ['llama.rope.dimension_count', uint32(0)],
    ['llama.rope.dimension_count', uint32(7)],
    ['llama.rope.dimension_count', uint32(4096)],
    ['llama.rope.freq_base', float32(0)],
    ['llama.rope.scaling.type', { type: 'string', value: 'sideways' }],
    ['llama.expert_count', uint32(8)],
    ['llama.block_count', uint32(0)],
    ['llama.block_count', uint32(2)],
    ['llama.context_length', uint32(0)],
    ['llama.embedding_length', uint32(0)],
    ['llama.vocab_size', uint32(7)],
    ['tokenizer.ggml.tokens', strings(Array<string>(384).fill('same'))],
    ['tokenizer.ggml.tokens', strings(['<unk>', '<s>', '</s>'])],
    ['tokenizer.ggml.tokens', undefined],
    ['tokenizer.ggml.scores', { type: 'array', of: 'float32', items: [0] }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'int32', items: [1] }],
    ['tokenizer.ggml.token_type', undefined],
    ['tokenizer.ggml.bos_token_id', uint32(1e6)],
    ['tokenizer.ggml.eos_token_id', uint32(1e6)],
    ['tokenizer.ggml.eos_token_id', undefined],
    ['tokenizer.ggml.model', { type: 'string', value: 'bert' }],
    ['general.alignment', uint32(0)],
    ['general.alignment', uint32(7)],
  ],
  mmproj: [
    ['clip.vision.attention.layer_norm_epsilon', float32(-1)],
    ['clip.vision.attention.layer_norm_epsilon', float32(NaN)],
    ['clip.vision.attention.head_count', uint32(0)],
    ['clip.vision.attention.head_count', uint32(3)],
    ['clip.vision.image_size', uint32(0)],
    ['clip.vision.image_size', uint32(29)],
    ['clip.vision.image_size', uint32(0xffffffff)],
    ['clip.vision.patch_size', uint32(0)],
    ['clip.vision.patch_size', uint32(7)],
    ['clip.vision.embedding_length', uint32(31)],
    ['clip.vision.embedding_length', undefined],
    ['clip.vision.block_count', uint32(0)],
    ['clip.vision.block_count', uint32(9)],
    ['clip.vision.feature_layer', uint32(9)],
    ['clip.vision.feature_layer', { type: 'array', of: 'int32', items: [-2] }],
    ['clip.vision.feature_layer', { type: 'array', of: 'int32', items: [] }],
    ['clip.vision.image_mean', { type: 'array', of: 'float32', items: [0.5] }],
    ['clip.vision.image_std', { type: 'array', of: 'float32', items: [0, 0, 0] }],
    ['clip.vision.image_std', { type: 'array', of: 'float32', items: [NaN, 1, 1] }],
    ['clip.projector_type', { type: 'string', value: 'ldpv2' }],
    ['clip.has_vision_encoder', uint32(1)],
    ['clip.use_gelu', { type: 'string', value: 'yes' }],
    ['general.alignment', uint32(0)],
    ['general.alignment', uint32(7)],
  ],
};
