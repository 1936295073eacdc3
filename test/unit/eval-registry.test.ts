import { describe, expect, it } from 'vitest';
import { BENCHMARKS, findBenchmark } from '../../src/eval/benchmarks/registry.js';
import { compareWithPublished } from '../../src/eval/report.js';
import { shareFigure } from '../../src/eval/eval-result.js';

describe('the list of benchmarks', () => {
  it('has the twelve of the paper and the others, each once', () => {
    const names = BENCHMARKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.slice(0, 12)).toEqual(
      'vqav2 gqa vizwiz scienceqa textvqa pope mme mmbench mmbench-cn seed llava-bench mm-vet'.split(' '),
    );
  });

  it.each(BENCHMARKS)('$name says where its files are and how it is scored', (benchmark) => {
    for (const { names, from } of benchmark.files)
      expect([names.length > 0, from !== '']).toEqual([true, true]);
    expect(benchmark.licence).not.toBe('');
    expect('score' in benchmark).toBe(benchmark.scoredBy === 'llava');
    expect('write' in benchmark || benchmark.scoredBy === 'llava').toBe(true);
    expect('summarise' in benchmark).toBe(benchmark.scoredBy === 'judge');
  });

  it('names the others when there is no such benchmark', () => {
    expect(findBenchmark('pope').title).toBe('POPE');
    expect(() => findBenchmark('poppe')).toThrow('There is no benchmark "poppe".');
  });

  /** docs/MODEL_ZOO.md of haotian-liu/LLaVA. */
  it.each([
    ['vqav2', 'test-dev', [78.5, 80.0, 79.1, 80.0]],
    ['gqa', 'accuracy', [62.0, 63.3, 63.0, 63.3]],
    ['vizwiz', 'test', [50.0, 53.6, 47.8, 58.9]],
    ['scienceqa', 'with picture', [66.8, 71.6, 68.4, 71.2]],
    ['textvqa', 'accuracy', [58.2, 61.3, 58.2, 60.2]],
    ['pope', 'mean F1', [85.9, 85.9, 86.4, 86.7]],
    ['mme', 'perception', [1510.7, 1531.3, 1476.9, 1541.7]],
    ['mmbench', 'circular', [64.3, 67.7, 66.1, 68.5]],
    ['mmbench-cn', 'circular', [58.3, 63.6, 58.9, 61.5]],
    ['seed', 'total', [58.6, 61.6, 60.1, 61.3]],
    ['llava-bench', 'all', [65.4, 72.5, 67.9, 69.5]],
    ['mm-vet', 'total', [31.1, 36.1, 30.2, 38.3]],
  ])('%s has the published figures of 7B, 13B and their LoRA', (name, figure, values) => {
    const published = findBenchmark(name).published[figure];
    expect([published?.['7B'], published?.['13B'], published?.['7B LoRA'], published?.['13B LoRA']]).toEqual(
      values,
    );
  });
});

it('sets a result beside the published figures', () => {
  const result = {
    benchmark: 'gqa',
    headline: shareFigure('accuracy', 7800, 12578),
    figures: [shareFigure('open', 1, 2)],
    notes: [],
  };
  const compared = compareWithPublished(result, findBenchmark('gqa'));
  expect(compared.map(({ model, inside }) => [model, inside])).toEqual([
    ['7B', true],
    ['13B', false],
    ['7B LoRA', false],
    ['13B LoRA', false],
    ['13B-HD', false],
  ]);
  expect(compared[1]?.difference).toBeCloseTo((100 * 7800) / 12578 - 63.3, 10);
});
