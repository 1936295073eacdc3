import { describe, expect, it } from 'vitest';
import { BENCHMARKS, findBenchmark } from '../../src/eval/benchmarks/registry.js';
import { formatPublished, publishedFigures } from '../../src/eval/published.js';
import { compareWithPublished, comparisonRows } from '../../src/eval/report.js';
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

  it.each([
    ['mm-vet-v2', 'total', ['7B 28.3±0.2', '13B 33.2±0.1']],
    ['benchlmm', 'mean', ['13B 55.53']],
    ['vip-bench', 'total', ['13B 41.8']],
    ['vip-bench-human', 'total', ['13B 42.9']],
    ['vip-bench-coordinates', 'total', ['13B 47.1']],
    ['mm-vet', 'total', ['7B 31.1', '13B 36.1', '7B 31.1±0.2', '13B 36.3±0.2']],
    ['llava-bench', 'all', ['7B 65.4', '13B 72.5', '7B 63.4', '13B 70.7']],
    ['infimm-eval', 'overall', ['13B 32.62']],
    ['infimm-eval', 'Deductive', ['13B 30.94']],
    ['infimm-eval', 'Abductive', ['13B 47.91']],
    ['infimm-eval', 'Analogical', ['13B 24.31']],
  ])('%s has the listed figures of %s', (name, figure, told) => {
    const all = publishedFigures(findBenchmark(name)).filter((one) => one.figure === figure);
    const ofSizes = all.filter(({ model }) => model === '7B' || model === '13B');
    expect(ofSizes.map((one) => `${one.model} ${formatPublished(one)}`)).toEqual(told);
  });

  it.each([
    ['coloninst-cls', [92.97, 93.33, 79.1, 80.89]],
    ['coloninst-reg', [98.58, 99.32, 70.38, 72.88]],
  ])('%s has both splits, without and with extra data', (name, values) => {
    const figures = publishedFigures(findBenchmark(name));
    expect(figures.map(({ value }) => value)).toEqual(values);
    expect(figures.map(({ detail }) => detail)).toEqual([
      'seen split',
      'seen split, extra data',
      'unseen split',
      'unseen split, extra data',
    ]);
  });
});

it('counts the spread of a published figure when it compares', () => {
  const result = {
    benchmark: 'mm-vet-v2',
    headline: { name: 'total', value: 30, unit: '%', total: 517, interval: [28.55, 33.06] },
    figures: [],
    notes: [],
  } as const;
  expect(comparisonRows(result, findBenchmark('mm-vet-v2')).slice(1)).toEqual([
    ['total', '7B', '28.3±0.2', '30.00 %', '+1.70', 'yes'],
    ['total', '13B', '33.2±0.1', '30.00 %', '-3.20', 'yes'],
  ]);
  const narrower = { ...result, headline: { ...result.headline, interval: [28.6, 33.0] as const } };
  expect(compareWithPublished(narrower, findBenchmark('mm-vet-v2')).map(({ inside }) => inside)).toEqual([
    false,
    false,
  ]);
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
