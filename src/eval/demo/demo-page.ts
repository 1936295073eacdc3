import { boxOnPicture, parseBox } from '../../llava/box.js';
import { pngUrl } from '../../llava/png-url.js';
import { decodePicture } from '../../llava/decode-picture.js';
import { drawBoxes, type DrawnBox } from '../../llava/draw-boxes.js';
import { openPicture } from '../../llava/picture.js';
import type { Figure } from '../eval-result.js';
import { groupBy } from '../group-by.js';
import type { DemoAnswer, DemoResult } from './demo-result.js';
import type { DemoScene } from './demo-scenes.js';

/** One page that needs no other file: figures, then each scene with its answers. No script, nothing from elsewhere. */
export async function demoPage(
  { seed, scenes }: { readonly seed: number; readonly scenes: number },
  { all, formats, kinds, wrong }: DemoResult,
  answers: readonly DemoAnswer[],
): Promise<string> {
  const sections = [];
  for (const [scene, some] of groupBy(answers, (answer) => answer.scene))
    sections.push(await sceneSection(scene, some));
  const title = `Demo world, seed ${seed}, ${scenes} scenes`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
<h1>${escapeHtml(title)}</h1>
<p class="headline"><strong>${all.value.toFixed(1)} %</strong> right: ${all.right ?? 0} of ${all.total}, ${wrong.length} wrong</p>
<div class="charts">
${chart('By format', formats)}
${chart('By kind', kinds)}
</div>
<p class="legend">Boxes: <span class="answer">the model’s</span>, <span class="given">the right one</span></p>
${sections.join('\n')}
</html>
`;
}

function chart(title: string, figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ name, value, right = 0, total }) =>
      `<tr><th>${escapeHtml(name)}<td class="bar"><div style="width:${value.toFixed(1)}%"></div><td>${value.toFixed(1)} %<td>${right}/${total}`,
  );
  return `<table class="chart"><caption>${escapeHtml(title)}</caption>${rows.join('')}</table>`;
}

async function sceneSection(scene: DemoScene, answers: readonly DemoAnswer[]): Promise<string> {
  const wrong = answers.filter(({ isRight }) => !isRight);
  const right = answers.filter(({ isRight }) => isRight);
  const boxes = answers.filter(({ question }) => question.format === 'box');
  const pictures = [`<img alt="scene ${scene.number}" src="${pngUrl(scene.picture)}">`];
  for (const answer of boxes) pictures.push(await boxFigure(answer));
  return [
    `<section><h2>Scene ${scene.number}: ${right.length} of ${answers.length} right</h2>`,
    `<div class="pictures">${pictures.join('')}</div>`,
    wrong.length === 0 ? '<p>Nothing wrong.' : table(wrong, 'wrong'),
    `<details><summary>${right.length} right answers</summary>${table(right, 'right')}</details>`,
    '</section>',
  ].join('\n');
}

/** The picture with the box that the model gave and the right one. */
async function boxFigure({ scene, question, said, isRight }: DemoAnswer): Promise<string> {
  const drawn: DrawnBox[] = (['given', 'answer'] as const).flatMap((role) => {
    const box = parseBox(role === 'given' ? question.answer : said);
    return box === undefined ? [] : [{ box: boxOnPicture(box, scene), role }];
  });
  const label = `scene ${scene.number}`;
  const picture = await decodePicture(await openPicture({ kind: 'bytes', label, bytes: scene.picture }));
  const png = await drawBoxes(picture, drawn);
  const mark = isRight ? '' : ' class="miss"';
  return `<figure${mark}><img alt="${escapeHtml(question.question)}" src="${pngUrl(png)}"><figcaption>${escapeHtml(question.question)}</figcaption></figure>`;
}

function table(answers: readonly DemoAnswer[], className: string): string {
  const rows = answers.map(({ question: { format, question, choices, answer }, said }) => {
    const options = choices === undefined ? '' : ` <small>${escapeHtml(choices.join(', '))}</small>`;
    return `<tr><td>${escapeHtml(format)}<td>${escapeHtml(question === '' ? '(none)' : question)}${options}<td>${escapeHtml(said)}<td>${escapeHtml(answer)}`;
  });
  return `<table class="${className}"><tr><th>Format<th>Question<th>Said<th>Right${rows.join('')}</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, inside elements and inside quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Light and dark as the reader's system is; narrow screens stack. */
const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #8884; --right: #2a9d5c; --wrong: #d1372c; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
.headline strong { font-size: 2rem; }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 600; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
td, th { padding: .15rem .8rem .15rem 0; vertical-align: top; }
.chart th { font-weight: 400; } .chart td { font-variant-numeric: tabular-nums; }
.chart .bar { width: 11rem; padding-top: .4rem; } .bar div { height: .8rem; background: var(--right); }
section { border-top: 1px solid var(--line); padding: 1.2rem 0; }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; align-items: flex-start; margin-bottom: .6rem; }
img { max-width: 11rem; max-height: 11rem; display: block; border: 1px solid var(--line); }
figure { margin: 0; } figcaption { font-size: .85rem; } figure.miss figcaption { color: var(--wrong); }
.wrong td:nth-child(3) { color: var(--wrong); } .right td:nth-child(3) { color: var(--right); }
small { opacity: .7; } summary { cursor: pointer; }
.answer { border: 2px solid #ff2d20; padding: 0 .3rem; } .given { border: 2px dashed #00c853; padding: 0 .3rem; }
`;
