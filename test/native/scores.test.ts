import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownPicture, Sampling } from '../../src/engine/engine.js';
import { openLlamaEngine, type LlamaEngine } from '../../src/engine/local/llama-engine.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { writeRequest } from '../../src/llava/response-format.js';
import { projectFile } from '../helpers/run-llava.js';
import { readGguf } from '../reference/gguf-reader.js';
import { LlamaForward } from '../reference/llama-forward.js';
import { tokenise } from '../reference/tokenise.js';

/* Log-likelihoods of the demo model through the engine, against a plain float LLaMA of its own. */

const files = {
  model: projectFile('models/demo/model.gguf'),
  mmproj: projectFile('models/demo/mmproj.gguf'),
};
const text = readGguf(files.model);
const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 32 };
const QUESTION = writeRequest(
  { text: 'What color is the circle?', format: 'short' },
  { width: 1, height: 1 },
);
const COLOURS = [
  'Red',
  'red',
  'Blue',
  'Green',
  'Yellow',
  'Red circle',
  'Red star',
  'Purple',
  'Dark red circle',
];

let engine: LlamaEngine;
let prefix: ShownPicture;
let reference: LlamaForward;
let promptEnd = 0;

beforeAll(async () => {
  engine = await openLlamaEngine(files, {
    device: 'cpu',
    threads: 1,
    placement: {
      gpuLayers: 0,
      towerOn: 'cpu',
      contextSize: 512,
      sequences: 3,
      kvType: 'f16',
      mapsModel: true,
    },
  });
  const source = { kind: 'file', path: projectFile('examples/shapes.png') } as const;
  const features = await engine.encode(await loadPixels(source, { imageSize: engine.info.imageSize }));
  prefix = engine.look(features);
  reference = new LlamaForward(text);
  const rows = Array.from({ length: features.tokens }, (_, row) =>
    Float64Array.from(features.values.subarray(row * features.width, (row + 1) * features.width)),
  );
  reference.evaluate([1, ...tokenise(text, `${VICUNA_V1.systemText} USER: `), ...rows]);
  promptEnd = reference.length;
}, 120_000);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const END = 2;

/** Sum of the log-probabilities of a text's tokens behind the question, its end among them where another goes on. */
function expectedScore(continuation: string, among: readonly string[] = []): number {
  const goesOn = among.some((other) => other !== continuation && other.startsWith(continuation));
  reference.cut(promptEnd);
  let logits = reference.evaluate(tokenise(text, `\n${QUESTION} ASSISTANT:`));
  let sum = 0;
  for (const token of [...tokenise(text, continuation), ...(goesOn ? [END] : [])]) {
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const total = largest + Math.log(logits.reduce((all, logit) => all + Math.exp(logit - largest), 0));
    sum += logits[token]! - total;
    logits = reference.evaluate([token]);
  }
  return sum;
}

/** Of the larger of 1 and the value: single tokens of F16 weights are that near. */
const TOLERANCE = 1e-3;

function expectNear(scores: readonly { logLikelihood: number }[], expected: readonly number[]): void {
  for (const [place, { logLikelihood }] of scores.entries()) {
    const wanted = expected[place]!;
    expect(Math.abs(logLikelihood - wanted)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(wanted)));
  }
}

async function answer(sampling: Partial<Sampling>) {
  let said = '';
  for await (const event of prefix.ask(QUESTION, { ...GREEDY, ...sampling })) {
    if (event.type === 'text') said += event.text;
    else return { said, ...event };
  }
  throw new Error('The answer has no end.');
}

describe('scores', () => {
  it('are those of a plain float LLaMA, in the order of the texts, equal ones too', async () => {
    const texts = [...COLOURS, 'Blue', 'Red'];
    const scores = await prefix.score(QUESTION, texts);
    expectNear(
      scores,
      texts.map((each) => expectedScore(each, texts)),
    );
    expect(scores[9]).toEqual(scores[2]);
    expect(scores.map(({ tokens }) => tokens)).toEqual(
      texts.map((continuation) => tokenise(text, continuation).length),
    );
  });

  it('tell a text from those that go on from it by its end', async () => {
    const question = writeRequest(
      { text: 'What color is the circle?', format: 'free' },
      { width: 1, height: 1 },
    );
    const [beginning, whole] = await prefix.score(question, ['The circle', 'The circle is red.']);
    expect(whole!.logLikelihood).toBeGreaterThan(beginning!.logLikelihood);
  });

  it('are the same alone as among others', async () => {
    const others = COLOURS.filter((colour) => colour !== 'Red');
    const together = await prefix.score(QUESTION, others);
    for (const [place, colour] of others.entries()) {
      const [alone] = await prefix.score(QUESTION, [colour]);
      expect(alone!.logLikelihood).toBeCloseTo(together[place]!.logLikelihood, 2);
    }
    expect(await prefix.score(QUESTION, [])).toEqual([]);
  });

  it('say the most of what greedy says', async () => {
    const scores = await prefix.score(QUESTION, COLOURS);
    const best = scores
      .map(({ logLikelihood }) => logLikelihood)
      .indexOf(Math.max(...scores.map((s) => s.logLikelihood)));
    expect((await answer({})).said).toBe(COLOURS[best]);
  });

  it('refuse what does not fit the context, and end when interrupted', async () => {
    await expect(prefix.score(QUESTION, ['Red', 'word '.repeat(600)])).rejects.toThrow('The context is full');
    await expect(prefix.score(QUESTION, COLOURS, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
    expectNear(await prefix.score(QUESTION, ['Red']), [expectedScore('Red')]);
  });

  it('leave answers and turns as they were', async () => {
    const first = await answer({});
    const turns = [{ question: QUESTION, answer: first.said }];
    const before = await prefix.score('Is it large?', ['Yes', 'No'], undefined, turns);
    await prefix.score(QUESTION, COLOURS);
    expect((await answer({})).said).toBe(first.said);
    const after = await prefix.score('Is it large?', ['Yes', 'No'], undefined, turns);
    expect(after[0]!.logLikelihood).toBeCloseTo(before[0]!.logLikelihood, 2);
  });
});

describe('log-probabilities of an answer', () => {
  it('sum up to its score, and change nothing of it', async () => {
    const plain = await answer({});
    const told = await answer({ logprobs: true });
    expect(told.said).toBe(plain.said);
    expect(plain.tokens).toBeUndefined();
    expect(
      told
        .tokens!.map(({ text: piece }) => piece)
        .join('')
        .trim(),
    ).toBe(told.said);
    const [score] = await prefix.score(QUESTION, [told.said]);
    const sum = told.tokens!.reduce((all, { logProbability }) => all + logProbability, 0);
    expect(sum).toBeCloseTo(score!.logLikelihood, 3);
  });

  it('come from the raw logits, whatever the grammar', async () => {
    const grammar = 'root ::= " "? "Blue"';
    const told = await answer({ logprobs: true, grammar });
    expect(told.said).toBe('Blue');
    const sum = told.tokens!.reduce((all, { logProbability }) => all + logProbability, 0);
    expect(sum).toBeLessThan(-10);
  });
});

describe('one of several texts', () => {
  const labels = ['Blue', 'Green', 'Green star', 'Yellow', 'Purple star', 'Purple circle'];

  it('is the likeliest, and is told with its likelihood', async () => {
    const singles = ['Blue', 'Green', 'Yellow', 'Purple'];
    const scores = (await prefix.score(QUESTION, singles)).map(({ logLikelihood }) => logLikelihood);
    const { said, tokens, reason } = await answer({ oneOf: singles, logprobs: true });
    expect({ said, reason }).toEqual({ said: singles[scores.indexOf(Math.max(...scores))], reason: 'end' });
    expectNear([{ logLikelihood: tokens![0]!.logProbability }], [expectedScore(said)]);
  });

  it('is always one of them, drawn ones too; a seed repeats it', async () => {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { said } = await answer({ oneOf: labels, temperature: 2, seed });
      expect((await answer({ oneOf: labels, temperature: 2, seed })).said).toBe(said);
      drawn.add(said);
    }
    expect(labels).toEqual(expect.arrayContaining([...drawn]));
    expect(drawn.size).toBeGreaterThan(2);
  });

  it('is drawn as often as it is likely', async () => {
    const pair = ['Green', 'Purple'];
    const [green, purple] = (await prefix.score(QUESTION, pair)).map(({ logLikelihood }) => logLikelihood);
    const share = 1 / (1 + Math.exp(purple! - green!));
    let greens = 0;
    for (let seed = 0; seed < 400; seed++)
      if ((await answer({ oneOf: pair, temperature: 1, seed })).said === 'Green') greens++;
    expect(Math.abs(greens / 400 - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 400));
  });
});

describe('a grammar', () => {
  it.each([
    ['root ::= " "? ("Blue" | "Green")', /^(Blue|Green)$/],
    ['root ::= " "? "{" [0-9]+ "}"', /^\{\d+\}$/],
  ])('is what the answer is: %s', async (grammar, form) => {
    for (const temperature of [0, 1]) {
      const { said, reason } = await answer({ grammar, temperature, seed: 5 });
      if (reason === 'end') expect(said).toMatch(form);
    }
  });

  it('takes the likeliest of what it allows', async () => {
    const labels = ['Blue', 'Green', 'Yellow', 'Purple'];
    const scores = (await prefix.score(QUESTION, labels)).map(({ logLikelihood }) => logLikelihood);
    const grammar = `root ::= " "? (${labels.map((label) => JSON.stringify(label)).join(' | ')})`;
    expect((await answer({ grammar })).said).toBe(labels[scores.indexOf(Math.max(...scores))]);
  });

  it.each(['', 'root = "a"', 'other ::= "a"', 'root ::= missing', 'root ::= root "a"'])(
    'is refused when it is none: %j',
    async (grammar) => {
      await expect(answer({ grammar })).rejects.toMatchObject({ kind: 'usage' });
    },
  );
});
