import { overlapOf, parseBox } from '../../llava/box.js';
import type { SceneQuestion } from '../../world/index.js';
import { shareFigure, type Figure } from '../eval-result.js';
import { groupBy } from '../group-by.js';
import type { DemoScene } from './demo-scenes.js';

/** A question of the demo world with what the model said. */
export interface DemoAnswer {
  readonly scene: DemoScene;
  readonly question: SceneQuestion;
  /** Empty when there was none. */
  readonly said: string;
  readonly isRight: boolean;
}

/** Shares of right answers: of all, by format, by kind, and by both. */
export interface DemoResult {
  readonly all: Figure;
  readonly formats: readonly Figure[];
  readonly kinds: readonly Figure[];
  readonly kindsInFormats: readonly Figure[];
  readonly wrong: readonly DemoAnswer[];
}

/** A box counts as right from this intersection over union on. */
const ENOUGH_OVERLAP = 0.5;

/** Boxes are right when they overlap by half, other answers when they are the very words. */
export function judge(scene: DemoScene, question: SceneQuestion, said: string): DemoAnswer {
  return { scene, question, said, isRight: isRight(question, said) };
}

function isRight({ format, answer }: SceneQuestion, said: string): boolean {
  if (format !== 'box') return said === answer;
  const [box, truth] = [parseBox(said), parseBox(answer)];
  return box !== undefined && truth !== undefined && overlapOf(box, truth) >= ENOUGH_OVERLAP;
}

export function demoResult(answers: readonly DemoAnswer[]): DemoResult {
  const shares = (nameOf: (question: SceneQuestion) => string) =>
    groupBy(answers, ({ question }) => nameOf(question)).map(([name, some]) => share(name, some));
  return {
    all: share('all', answers),
    formats: shares(({ format }) => format),
    kinds: shares(({ kind }) => kind),
    kindsInFormats: shares(({ kind, format }) => `${kind}, ${format}`),
    wrong: answers.filter((answer) => !answer.isRight),
  };
}

function share(name: string, answers: readonly DemoAnswer[]): Figure {
  return shareFigure(name, answers.filter((answer) => answer.isRight).length, answers.length);
}
