import { describe, expect, it } from 'vitest';
import { boxOverlap, parsePixelBox } from '../../src/eval/benchmarks/coloninst.js';
import { parseGrade, scoreCapabilities } from '../../src/eval/metrics/capability-scores.js';
import { isFirstTurn, scoreCircular } from '../../src/eval/metrics/circular-evaluation.js';
import { complexityWeighted } from '../../src/eval/benchmarks/infimm-eval.js';
import { equalsIgnoringCase, gqaPrediction } from '../../src/eval/metrics/exact-match.js';
import { parseJudgePair, relativeScore } from '../../src/eval/benchmarks/llava-bench.js';
import { parseChoiceLetter, parseScienceQaLetter } from '../../src/eval/metrics/letter.js';
import { parseMmeAnswer, scoreMmeTask } from '../../src/eval/metrics/mme-score.js';
import { countYesNo, parseYesOrNo, scoreYesNo } from '../../src/eval/metrics/yes-no.js';

describe('yes and no as POPE reads them', () => {
  it.each([
    ['Yes', 'yes'],
    ['No', 'no'],
    ['no', 'no'],
    ['There is not one', 'no'],
    ['No, there is none', 'no'],
    ['Yes. No.', 'yes'],
    ['It is.not', 'yes'],
    ['NO', 'yes'],
    ['None', 'yes'],
    ['No\nYes', 'yes'],
    ['', 'yes'],
    ['blue', 'yes'],
  ])('%j says %s', (text, said) => {
    expect(parseYesOrNo(text)).toBe(said);
  });

  it('makes accuracy, precision, recall, F1 and yes ratio of counts', () => {
    const counts = countYesNo([
      ...Array.from({ length: 6 }, () => ['yes', 'yes'] as const),
      ...Array.from({ length: 2 }, () => ['yes', 'no'] as const),
      ...Array.from({ length: 3 }, () => ['no', 'yes'] as const),
      ...Array.from({ length: 9 }, () => ['no', 'no'] as const),
    ]);
    expect(counts).toEqual({ truePositive: 6, falsePositive: 2, falseNegative: 3, trueNegative: 9 });
    const { accuracy, precision, recall, f1, yesRatio } = scoreYesNo(counts);
    expect([accuracy, precision, recall, yesRatio]).toEqual([0.75, 0.75, 6 / 9, 0.4]);
    expect(f1).toBeCloseTo(12 / 17, 12);
  });

  it('has no figure of nothing but 0', () => {
    expect(scoreYesNo(countYesNo([])).f1).toBe(0);
  });
});

describe('letters', () => {
  it.each([
    ['B', 'B'],
    ['B. apostrophe', 'B'],
    ['The answer is C.', 'C'],
    ['The answer is C!', 'C'],
    ['I think: The answer is E. Yes', 'E'],
    ['The answer is A. The answer is B.', undefined],
    ['The answer is C', undefined],
    ['The answer is C\n', undefined],
    ['b', undefined],
    ['B.', undefined],
    ['B.x', undefined],
    ['F', undefined],
    ['F. x', undefined],
    [' B', undefined],
    ['', undefined],
  ])('ScienceQA reads %j as %s', (text, letter) => {
    expect(parseScienceQaLetter(text)).toBe(letter);
  });

  it.each([
    ['A', 'A'],
    [' D \n', 'D'],
    ['B.', 'B'],
    ['(C)', 'C'],
    ['C) dog', 'C'],
    ['A dog', undefined],
    ['Above', undefined],
    ['a', undefined],
    ['', undefined],
  ])('a choice reads %j as %s', (text, letter) => {
    expect(parseChoiceLetter(text)).toBe(letter);
  });
});

describe('circular evaluation', () => {
  it('wants every order right', () => {
    const rows = [
      { index: 7, right: true },
      { index: 1_000_007, right: true },
      { index: 8, right: true },
      { index: 1_000_008, right: false },
      { index: 2_000_008, right: true },
      { index: 9, right: true },
    ];
    expect(scoreCircular(rows)).toEqual({ right: 2, questions: 3 });
    expect(rows.filter(({ index }) => isFirstTurn(index)).map(({ index }) => index)).toEqual([7, 8, 9]);
  });
});

describe('MME', () => {
  it.each([
    ['Yes', 'yes'],
    ['no\n', 'no'],
    ['Yes, it is', 'yes'],
    ['Not here', 'no'],
    ['Know', 'no'],
    ['I see no', undefined],
    ['', undefined],
  ])('reads %j as %s', (text, said) => {
    expect(parseMmeAnswer(text)).toBe(said);
  });

  it('adds acc and acc+', () => {
    const pictures = [
      [true, true],
      [true, false],
      [false, false],
      [true, true],
    ] as const;
    expect(scoreMmeTask(pictures)).toEqual({ accuracy: 0.625, accuracyPlus: 0.5, score: 112.5 });
    expect(scoreMmeTask([]).score).toBe(0);
  });
});

describe('judges', () => {
  it.each([
    ['8 7\nBecause', [8, 7]],
    ['8,7', [8, 7]],
    ['9.5 6', [9.5, 6]],
    ['8, 7', [-1, -1]],
    ['8 7 6', [-1, -1]],
    ['Assistant 1: 8', [-1, -1]],
    ['8', [-1, -1]],
    ['', [-1, -1]],
  ])('LLaVA-Bench reads %j as %j', (review, pair) => {
    expect(parseJudgePair(review)).toEqual(pair);
  });

  it('is relative to the reference, means rounded to three digits', () => {
    expect(
      relativeScore([
        [8, 6],
        [9, 7],
        [10, 8],
      ]),
    ).toBeCloseTo((100 * 7) / 9, 10);
    expect(
      relativeScore([
        [3, 1],
        [3, 1],
        [4, 2],
      ]),
    ).toBeCloseTo((100 * 1.333) / 3.333, 10);
  });

  it.each([
    ['0.5', 0.5],
    ['1', 1],
    ['0.7 because', 0.7],
    ['.3', 0.3],
    ['1.5', undefined],
    ['-0.1', undefined],
    ['five', undefined],
    ['', undefined],
  ])('MM-Vet reads %j as %s', (text, grade) => {
    expect(parseGrade(text)).toBe(grade);
  });

  it('counts a question for each capability', () => {
    const questions = [
      { capabilities: ['ocr', 'math'], scores: [1, 0.5] },
      { capabilities: ['ocr'], scores: [0, 0.5] },
      { capabilities: ['rec', 'ocr'], scores: [0.5, 0.5] },
    ];
    const { total, deviation, runs, capabilities } = scoreCapabilities(questions, 2);
    expect(total).toBe(50);
    expect(deviation).toBe(0);
    expect(runs).toEqual([50, 50]);
    expect(capabilities[0]).toEqual({ name: 'ocr', value: 50, total: 3 });
    expect(capabilities.find(({ name }) => name === 'math')?.value).toBe(75);
  });

  it('lets hard questions of CORE-MM count twice', () => {
    expect(
      complexityWeighted([
        { complexity: 'moderate', score: 1 },
        { complexity: 'high', score: 0.5 },
        { complexity: 'high', score: 0 },
      ]),
    ).toBe(40);
    expect(complexityWeighted([])).toBe(0);
  });
});

describe('texts and boxes', () => {
  it('takes full stops off GQA answers', () => {
    expect(gqaPrediction('Yes..')).toBe('yes');
    expect(gqaPrediction('St. Bernard')).toBe('st. bernard');
    expect(gqaPrediction('yes. ')).toBe('yes. ');
  });

  it('ignores case only', () => {
    expect(equalsIgnoringCase('Polyp', 'polyp')).toBe(true);
    expect(equalsIgnoringCase('polyp ', 'polyp')).toBe(false);
  });

  it('counts both ends of a box', () => {
    expect(parsePixelBox('{<40>< 12 ><160><216>}')).toEqual([40, 12, 160, 216]);
    expect(parsePixelBox('<1><2><3>')).toBeUndefined();
    expect(boxOverlap([0, 0, 9, 9], [0, 0, 9, 9])).toBe(1);
    expect(boxOverlap([0, 0, 9, 9], [5, 0, 14, 9])).toBeCloseTo(50 / 150, 12);
    expect(boxOverlap([0, 0, 9, 9], [10, 0, 19, 9])).toBe(0);
  });
});
