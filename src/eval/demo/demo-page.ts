import { boxOnPicture, parseBox } from '../../llava/box.js';
import { decodePicture } from '../../llava/decode-picture.js';
import { drawBoxes, type DrawnBox } from '../../llava/draw-boxes.js';
import { openPicture } from '../../llava/picture.js';
import type { Figure } from '../eval-result.js';
import { groupBy } from '../group-by.js';
import type { DemoScene } from './demo-scenes.js';
import type { DemoAnswer, DemoResult } from './demo-result.js';
import { escapeHtml as text } from './escape-html.js';
import { PAGE_STYLE } from './page-style.js';

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
<title>${text(title)}</title>
<style>${PAGE_STYLE}</style>
<h1>${text(title)}</h1>
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
      `<tr><th>${text(name)}<td class="bar"><div style="width:${value.toFixed(1)}%"></div><td>${value.toFixed(1)} %<td>${right}/${total}`,
  );
  return `<table class="chart"><caption>${text(title)}</caption>${rows.join('')}</table>`;
}

async function sceneSection(scene: DemoScene, answers: readonly DemoAnswer[]): Promise<string> {
  const wrong = answers.filter(({ isRight }) => !isRight);
  const right = answers.filter(({ isRight }) => isRight);
  const boxes = answers.filter(({ question }) => question.format === 'box');
  const pictures = [`<img alt="scene ${scene.number}" src="${dataUrl(scene.picture)}">`];
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
  return `<figure${mark}><img alt="${text(question.question)}" src="${dataUrl(png)}"><figcaption>${text(question.question)}</figcaption></figure>`;
}

function table(answers: readonly DemoAnswer[], className: string): string {
  const rows = answers.map(({ question: { format, question, choices, answer }, said }) => {
    const options = choices === undefined ? '' : ` <small>${text(choices.join(', '))}</small>`;
    return `<tr><td>${text(format)}<td>${text(question === '' ? '(none)' : question)}${options}<td>${text(said)}<td>${text(answer)}`;
  });
  return `<table class="${className}"><tr><th>Format<th>Question<th>Said<th>Right${rows.join('')}</table>`;
}

function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
