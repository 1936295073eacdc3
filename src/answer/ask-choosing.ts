import type { Choosing } from '../llava/choosing.js';
import type { Turn } from '../llava/conversation.js';
import type {
  AnswerEvent,
  ContinuationScore,
  ShownPicture,
  Sampling,
  ScoredChoice,
} from '../engine/engine.js';

/**
 * Asks a question whose answer is one of several, or any when `choosing` is undefined. With probabilities the answer is
 * the most probable choice; without, it is chosen token by token. Either is printed as the choice is called.
 * @throws as {@link ShownPicture.ask}
 */
export async function* askChoosing(
  shown: ShownPicture,
  request: string,
  sampling: Sampling,
  choosing: Choosing | undefined,
  signal?: AbortSignal,
  turns?: readonly Turn[],
): AsyncGenerator<AnswerEvent> {
  if (choosing === undefined) yield* shown.ask(request, sampling, signal, turns);
  else if (choosing.probabilities === undefined)
    yield* choose(shown, request, sampling, choosing, signal, turns);
  else yield* chooseMostProbable(shown, request, choosing, signal, turns);
}

async function* choose(
  shown: ShownPicture,
  request: string,
  sampling: Sampling,
  { choices }: Choosing,
  signal?: AbortSignal,
  turns?: readonly Turn[],
): AsyncGenerator<AnswerEvent> {
  const oneOf = choices.flatMap(({ spellings }) => spellings);
  let said = '';
  for await (const event of shown.ask(request, { ...sampling, oneOf }, signal, turns)) {
    if (event.type === 'text') {
      said += event.text;
      continue;
    }
    const chosen = choices.find(({ spellings }) => spellings.includes(said));
    yield { type: 'text', text: chosen?.answer ?? said };
    yield event;
  }
}

async function* chooseMostProbable(
  shown: ShownPicture,
  request: string,
  choosing: Choosing,
  signal?: AbortSignal,
  turns?: readonly Turn[],
): AsyncGenerator<AnswerEvent> {
  const start = performance.now();
  await shown.evaluate(signal);
  const lookedAt = performance.now();
  const scores = await shown.score(
    request,
    choosing.choices.flatMap(({ spellings }) => spellings),
    signal,
    turns,
  );
  const choices = weigh(choosing, scores);
  const best = choices.reduce((most, choice) => (choice.probability > most.probability ? choice : most));
  const promptTokens = await shown.countTokens(request, turns);
  yield { type: 'text', text: choosing.choices[choices.indexOf(best)]?.answer ?? best.choice };
  yield {
    type: 'done',
    reason: 'end',
    usage: {
      promptTokens,
      evaluatedTokens: promptTokens - shown.tokens,
      answerTokens: best.tokens,
      lookMs: lookedAt - start,
      questionMs: performance.now() - lookedAt,
      answerMs: 0,
    },
    choices,
  };
}

/** Softmax over the choices' log-likelihoods, each that of its likelier spelling. */
function weigh(
  { choices, probabilities }: Choosing,
  scores: readonly ContinuationScore[],
): readonly ScoredChoice[] {
  let next = 0;
  const scored = choices.map(({ name, spellings }) => {
    const own = scores.slice(next, (next += spellings.length));
    const best = own.reduce((most, score) => (score.logLikelihood > most.logLikelihood ? score : most));
    return { choice: name, ...best };
  });
  const values = scored.map(({ logLikelihood, tokens }) =>
    probabilities === 'length' ? logLikelihood / Math.max(1, tokens) : logLikelihood,
  );
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = values.map((value) => Math.exp(value - largest));
  const total = weights.reduce((a, b) => a + b, 0);
  return scored.map((choice, index) => ({ ...choice, probability: (weights[index] ?? 0) / total }));
}
