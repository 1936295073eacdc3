import { element, fromTemplate } from './element.js';
import type { ServedRecord } from './served-answer.js';

/** More are as good as impossible. */
const MOST_BARS = 12;

/** Fills a list with a bar for each choice, the most probable first. */
export function drawBars(list: HTMLElement, probabilities: NonNullable<ServedRecord['probabilities']>): void {
  const sorted = [...probabilities].sort((a, b) => b.probability - a.probability);
  const bars = sorted.slice(0, MOST_BARS).map(({ choice, probability }) => {
    const bar = fromTemplate('#bar');
    element('.choice', HTMLElement, bar).textContent = choice;
    element('.share', HTMLElement, bar).textContent = formatShare(probability);
    element('.fill', HTMLElement, bar).style.width = `${probability * 100}%`;
    return bar;
  });
  list.replaceChildren(...bars, ...describeRest(sorted.length - bars.length));
  list.hidden = false;
}

function describeRest(count: number): readonly HTMLElement[] {
  if (count <= 0) return [];
  const rest = document.createElement('li');
  rest.className = 'hint';
  rest.textContent = `and ${count} less probable`;
  return [rest];
}

const PERCENT = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** Nothing is said to be certain that only nearly is. */
function formatShare(probability: number): string {
  if (probability > 0 && probability < 0.0005) return '< 0.1%';
  if (probability < 1 && probability >= 0.9995) return '> 99.9%';
  return PERCENT.format(probability);
}
