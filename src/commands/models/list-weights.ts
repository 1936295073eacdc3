import { freemem, totalmem } from 'node:os';
import { formatBytes } from '../../llava/format.js';
import { writeJson } from '../../terminal/io.js';
import { formatTable } from '../../terminal/table.js';
import { findModel, isHubFile, type Model, listModels } from '../../weights/catalogue.js';
import { sizeOf } from '../../hub/hub-file.js';
import { inspectModel, type StoredModel } from '../../weights/store/index.js';
import type { CommandContext } from '../command-context.js';
import { catalogueOf, hubSettings } from '../../opening/environment.js';
import type { JsonFlag } from '../options/option-groups.js';
import { storedModelRow } from './stored-model-row.js';

/** `fits`: in this machine's memory as it is; `tight`: once other programs give some back; `too much`: never. */
export type MemoryFit = 'fits' | 'tight' | 'too much';

/** Compares a model's memory need with this machine's. */
export function memoryFit({ memoryMiB }: Model, free = freemem(), total = totalmem()): MemoryFit {
  const needed = memoryMiB * 2 ** 20;
  if (needed <= free) return 'fits';
  return needed <= total ? 'tight' : 'too much';
}

/** Shows the catalogue and what of it is on this machine. */
export async function listWeights(flags: JsonFlag, context: CommandContext): Promise<void> {
  const { io } = context;
  const settings = await hubSettings(context.io.env);
  const catalogue = catalogueOf(context.io.env);
  const stored = await Promise.all(listModels(catalogue).map((model) => inspectModel(model, settings)));
  if (flags.json === true) {
    const rows = stored.map((model) => ({ ...storedModelRow(model), memoryFit: memoryFit(model.model) }));
    writeJson(io, { default: catalogue.default, models: rows });
    return;
  }
  const usual = findModel(undefined, catalogue);
  const head = ['NAME', 'SHORT', 'SIZE', 'HERE', 'MEMORY', 'SPEED', ...Object.values(SCORES), 'LICENCE'];
  io.stdout.write(formatTable([head, ...stored.map((model) => modelLine(model, usual))]));
  io.stdout.write(`\n${explainScores(listModels(catalogue), usual)}`);
  io.stderr.write(`The default is ${catalogue.default}. Next: llava pull NAME\n`);
}

/** Columns of published scores. */
const SCORES = { mmbench: 'MMBENCH', pope: 'POPE', textvqa: 'TEXTVQA', mme: 'MME' } as const;

/** Where the scores come from, each source once, and what the speed is. */
function explainScores(models: readonly Model[], usual: Model): string {
  const sources = new Map<string, string[]>();
  for (const { name, scores } of models) {
    if (scores === undefined) continue;
    sources.set(scores.from, [...(sources.get(scores.from) ?? []), name]);
  }
  const lines = [...sources].map(([from, [first = '', ...more]]) => {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `  ${first}${others}: ${from}\n`;
  });
  return [
    `SPEED: tokens of an answer, by the bytes that each one reads, where ${usual.name} is 1.\n`,
    'Scores as published, of the weights before they were quantised:\n',
    ...lines,
  ].join('');
}

/** Each token of an answer reads the language model once. */
function speedOf({ files: { model } }: Model, usual: Model): string {
  if (!isHubFile(model) || !isHubFile(usual.files.model)) return '-';
  return `${(sizeOf(usual.files.model) / sizeOf(model)).toFixed(1)}×`;
}

function modelLine(stored: StoredModel, usual: Model): readonly string[] {
  const { model, files } = stored;
  const total = files.reduce((sum, file) => sum + file.totalBytes, 0);
  return [
    model.name,
    model.aliases.join(' '),
    formatBytes(total),
    howMuchIsHere(stored),
    `${formatBytes(model.memoryMiB * 2 ** 20)}, ${memoryFit(model)}`,
    speedOf(model, usual),
    ...Object.keys(SCORES).map((name) => String(model.scores?.[name as keyof typeof SCORES] ?? '-')),
    model.licence.name,
  ];
}

function howMuchIsHere({ state, files }: StoredModel): string {
  if (state === 'present') return 'yes';
  if (state === 'missing') return 'no';
  const here = files.reduce((sum, file) => sum + file.bytes, 0);
  const total = files.reduce((sum, file) => sum + file.totalBytes, 0);
  return `${Math.floor((100 * here) / total)} %`;
}
