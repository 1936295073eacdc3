import type { DemoAnswer, DemoResult } from '../../eval/demo/demo-result.js';
import type { Figure } from '../../eval/eval-result.js';
import { formatBars } from '../../terminal/bar-chart.js';
import { printable } from '../../terminal/printable.js';
import type { DemoFlags } from './eval-flags.js';

/** The result for people: bars by format and by kind, then what was wrong. */
export function showDemo({ seed, scenes, misses, html }: DemoFlags, result: DemoResult): string {
  const { all, formats, kinds, wrong } = result;
  const [low = 0, high = 0] = all.interval ?? [];
  const range = `95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}`;
  const shown = wrong.slice(0, misses).map(describeMiss);
  const left = wrong.length - shown.length;
  return [
    `Demo world, seed ${seed}, ${scenes} scenes: ${all.right ?? 0} of ${all.total} right, ${all.value.toFixed(1)} % (${range})\n`,
    `\nBY FORMAT\n${bars(formats)}`,
    `\nBY KIND\n${bars(kinds)}`,
    shown.length === 0 ? '' : `\nWRONG\n${printable(shown.join(''))}`,
    left === 0 ? '' : `… and ${left} more: --misses ${wrong.length} lists them all\n`,
    html === undefined ? '' : `\nPage: ${printable(html)}\n`,
  ].join('');
}

/** The result for programs. */
export function describeDemo({ seed, scenes }: DemoFlags, result: DemoResult): unknown {
  const { wrong, ...figures } = result;
  return {
    seed,
    scenes,
    ...figures,
    wrong: wrong.map(({ scene, question: { kind, format, question, choices, answer }, said }) => ({
      scene: scene.number,
      kind,
      format,
      question,
      choices,
      answer: said,
      right: answer,
    })),
  };
}

function bars(figures: readonly Figure[]): string {
  return formatBars(
    figures.map(({ name, value, right = 0, total }) => ({
      name,
      share: value / 100,
      note: `${value.toFixed(1).padStart(5)} %  ${right}/${total}`,
    })),
  );
}

function describeMiss({ scene, question, said }: DemoAnswer): string {
  const { format, question: text, choices, answer } = question;
  const options = choices === undefined ? '' : ` (${choices.join(', ')})`;
  const asked = text === '' ? 'no question' : `${text}${options}`;
  return `scene ${scene.number}, ${format}: ${asked}\n  said   ${onOneLine(said)}\n  right  ${onOneLine(answer)}\n`;
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
