import { formatBytes } from '../../llava/format.js';
import { printable } from '../../terminal/printable.js';
import type { PairInfo } from '../../weights/check/check-pair.js';
import type { MmprojInfo } from '../../weights/check/check-mmproj.js';
import type { TextModelInfo } from '../../weights/check/check-text-model.js';

/** The facts of a language model, a line each. */
export function describeModel(model: TextModelInfo): string {
  const shared = model.keyHeads === model.heads ? '' : ` sharing ${model.keyHeads} of keys`;
  return lines(`language model  ${model.path}`, [
    ...nameLine(model.name),
    ['shape', `${model.layers} layers, ${model.width} wide, ${model.heads} heads${shared}`],
    [
      'vocabulary',
      `${model.vocabularySize} tokens${model.vocabularyKind === 'gpt2' ? ' of byte pairs' : ''}`,
    ],
    ...conversationLines(model),
    ['context', `${model.contextLength} tokens`],
    ['weights', `${model.type}, ${formatBytes(model.bytes)}`],
  ]);
}

/** The facts of a vision tower and its projector, a line each. */
export function describeMmproj(mmproj: MmprojInfo): string {
  const stated = mmproj.projectorType ?? 'mlp, not stated, as in files of 2023';
  return lines(`mmproj  ${mmproj.path}`, [
    ...nameLine(mmproj.name),
    ['tower', `${mmproj.blocks} blocks, ${mmproj.towerWidth} wide, ${mmproj.heads} heads`],
    ['picture', `${mmproj.imageSize} × ${mmproj.imageSize} pixels, ${mmproj.tokensPerPicture} tokens`],
    ['projector', `${stated}; ${mmproj.width} wide`],
    ['weights', `${mmproj.type}, ${formatBytes(mmproj.bytes)}`],
  ]);
}

/** The facts of both, and what is left of the context for words. */
export function describePair(pair: PairInfo): string {
  const left = pair.contextLength - pair.tokensPerPicture;
  const verdict = `The pair fits; a picture leaves ${left} of ${pair.contextLength} tokens for words.\n`;
  return describeModel(pair.model) + describeMmproj(pair.mmproj) + verdict;
}

/** Its form, why it is believed to be that, and which others can be asked for. */
function conversationLines({ form, warning }: TextModelInfo): readonly (readonly [string, string])[] {
  const why = {
    name: 'by its name',
    vocabulary: 'by its vocabulary: its name does not tell',
    usual: 'as LLaVA-1.5; nothing says otherwise',
  }[form.from];
  const others = form.possible.filter((name) => name !== form.name);
  const told = `${form.name}, ${why}; possible with --conversation: ${others.join(', ')}`;
  return [['talks in', told], ...(warning === undefined ? [] : ([['warning', warning]] as const))];
}

function nameLine(name: string | undefined): readonly (readonly [string, string])[] {
  return name === undefined ? [] : [['name', name]];
}

function lines(head: string, facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(([name, value]) => `  ${name.padEnd(10)}  ${printable(value)}`);
  return [printable(head), ...rows, ''].join('\n');
}
