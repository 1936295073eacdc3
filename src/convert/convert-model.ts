import { join } from 'node:path';
import type { Checkpoint, LoraCheckpoint, ModelCheckpoint } from '../checkpoints/checkpoint.js';
import type { NumberType } from '../checkpoints/checkpoint-tensor.js';
import { planAdapter } from './adapter/plan-adapter.js';
import { checkFreeSpace } from './folder/free-space.js';
import { filesOf, originOf } from './folder/origin.js';
import { checkTargets } from './folder/check-targets.js';
import { WorkFolder } from './folder/work-folder.js';
import type { FloatFormat, PlannedFile } from './gguf/planned-file.js';
import { fileBytes, writeGguf } from './gguf/write-gguf.js';
import { diskFailure } from './folder/disk-failure.js';
import type { FileType } from './quantising/file-types.js';
import type { Importance } from './quantising/read-imatrix.js';
import { writeQuantised } from './quantising/write-quantised.js';
import { headSizeOf, type Base } from './base.js';
import { refuse } from './refusals.js';
import { planText } from './text/plan-text.js';
import { findVision, type TowerSource } from './vision/find-vision.js';
import { planMmproj } from './vision/plan-mmproj.js';

/** What is to be converted, opened, and into what. */
export interface Conversion {
  readonly source: Checkpoint;
  /** What a LoRA or a projector belongs to. */
  readonly base: Base | undefined;
  /** Where the vision tower is, when it is not inside. */
  readonly tower: TowerSource | undefined;
  /** Of the language model. */
  readonly type: FileType;
  readonly mmprojType: FileType;
  readonly importance: Importance | undefined;
  readonly threads: number | undefined;
  /** The folder that the files are written into. */
  readonly folder: string;
  /** Replaces files that are there. */
  readonly force: boolean;
}

/** How far a file is. */
export interface ConversionProgress {
  readonly file: string;
  readonly phase: 'writing' | 'quantising';
  readonly done: number;
  readonly total: number;
}

export interface ConvertOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ConversionProgress) => void) | undefined;
}

/** What was written, as paths; of a LoRA an adapter instead of a language model, and of a projector neither. */
export interface ConvertedFiles {
  readonly model: string | undefined;
  readonly adapter: string | undefined;
  /** Undefined where a LoRA leaves tower and projector as they are. */
  readonly mmproj: string | undefined;
}

/** A file to be written: of floats first, then quantised where it is to be. */
interface Job {
  readonly role: keyof ConvertedFiles;
  /** Its name in the end. */
  readonly name: string;
  readonly plan: PlannedFile;
  readonly type: FileType;
  readonly format: FloatFormat;
}

/**
 * Converts a checkpoint to the GGUF files that llava and llama.cpp read. Ended at any time, the same call goes on where it was.
 * @throws ExpectedError('weights' | 'input' | 'engine'); the signal's reason on abort
 */
export async function convertModel(
  conversion: Conversion,
  options: ConvertOptions = {},
): Promise<ConvertedFiles> {
  const { folder, force, source } = conversion;
  const jobs = await planJobs(conversion);
  const checkpoints = [source, conversion.base?.checkpoint, conversion.tower?.checkpoint].filter(
    (one) => one !== undefined,
  );
  const otherFiles = [conversion.base?.gguf, conversion.tower?.mmproj].flatMap((one) => one?.path ?? []);
  const settings = [conversion.importance?.keys, ...jobs.map(({ name, type }) => [name, type.name])];
  const origin = await originOf(
    [...checkpoints.flatMap((one) => [...filesOf(one)]), ...otherFiles],
    settings,
  );
  await using work = await WorkFolder.open(folder);
  const names = jobs.map(({ name }) => name);
  if (!(await work.isFinished(origin))) {
    if (!force) await checkTargets(folder, names);
    await checkFreeSpace(folder, await bytesNeeded(jobs, work));
    const context = { conversion, work, origin };
    for (const job of jobs) await diskFailure(folder, () => writeJob(job, context, options));
  }
  await work.finish(origin, names);
  const pathOf = (role: keyof ConvertedFiles) => {
    const job = jobs.find((one) => one.role === role);
    return job === undefined ? undefined : join(folder, job.name);
  };
  return { model: pathOf('model'), adapter: pathOf('adapter'), mmproj: pathOf('mmproj') };
}

async function planJobs(conversion: Conversion): Promise<readonly Job[]> {
  const { mmprojType, source } = conversion;
  if (source.layout === 'clip')
    throw refuse('A vision tower alone is no LLaVA.', 'Name a LLaVA, and the tower with --tower');
  const vision = findVision(conversion);
  const jobs: Job[] = [];
  if (source.layout === 'llava' || source.layout === 'llava-hf')
    jobs.push(await planModelJob(source, conversion));
  if (source.layout === 'lora') jobs.push(planAdapterJob(source, conversion));
  if (vision !== undefined) {
    const format = mmprojType.float ?? 'f16';
    const name = fileName(source, mmprojType, 'mmproj-');
    const plan = planMmproj(lastPart(source.name), vision.tower, vision.projector, format);
    jobs.push({ role: 'mmproj', name, plan, type: mmprojType, format });
  }
  return jobs;
}

async function planModelJob(source: ModelCheckpoint, { type }: Conversion): Promise<Job> {
  const format = type.float ?? ownFormat(source);
  return { role: 'model', name: fileName(source, type), plan: await planText(source, format), type, format };
}

function planAdapterJob(source: LoraCheckpoint, { base, type }: Conversion): Job {
  const format = type.float;
  if (format === undefined)
    throw refuse(
      `An adapter is not quantised: ${type.name} is for language models.`,
      'Take --type f32, f16 or bf16',
    );
  const headSize = headSizeOf(base) ?? source.text?.headSize;
  if (headSize === undefined)
    throw refuse(
      'Nothing tells how many heads the model has that the LoRA belongs to.',
      'Name it with --base: a checkpoint’s folder or name, or its GGUF file',
    );
  const plan = planAdapter(source, { headSize }, format);
  return { role: 'adapter', name: fileName(source, type, '', '-LoRA'), plan, type, format };
}

/** What most matrices are stored as: quantising from it loses nothing more. */
function ownFormat({ parts }: ModelCheckpoint): FloatFormat {
  const formats: Partial<Record<NumberType, FloatFormat>> = { F16: 'f16', BF16: 'bf16' };
  const matrix = [...parts.text.values()].find(({ shape }) => shape.length > 1);
  return formats[matrix?.type ?? 'F32'] ?? 'f32';
}

function fileName(source: Checkpoint, type: FileType, prefix = '', suffix = ''): string {
  return `${prefix}${lastPart(source.name)}-${type.name.toUpperCase()}${suffix}.gguf`;
}

/** `organisation/name` → `name`, as a file may be called. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/[^\w.-]+/g, '-');
}

interface JobContext {
  readonly conversion: Conversion;
  readonly work: WorkFolder;
  readonly origin: string;
}

async function writeJob(
  job: Job,
  { conversion, work, origin }: JobContext,
  options: ConvertOptions,
): Promise<void> {
  const { name, plan, type } = job;
  const { onProgress, signal } = options;
  const floats = work.file(floatName(job));
  const bytes = fileBytes(plan);
  await writeGguf(floats, plan, {
    origin,
    signal,
    onProgress: (done, total) => onProgress?.({ file: floatName(job), phase: 'writing', done, total }),
  });
  if (type.float !== undefined) return;
  const total = quantisedBytes(job, bytes);
  await writeQuantised(floats, work.file(name), type, {
    origin,
    signal,
    threads: conversion.threads,
    importance: job.role === 'model' ? conversion.importance : undefined,
    onProgress: (done) =>
      onProgress?.({ file: name, phase: 'quantising', done: Math.min(done, total), total }),
  });
}

/** Its name while it grows: the same for all that is quantised from it. */
function floatName({ format, name, role, type }: Job): string {
  return type.float === undefined ? `${role}-${format}.gguf` : name;
}

/** About as many as it will have. */
function quantisedBytes({ format, type }: Job, bytes: number): number {
  return Math.ceil((bytes * type.bits) / (format === 'f32' ? 32 : 16));
}

/** Bytes that all files take while they are written, less those that are there. */
async function bytesNeeded(jobs: readonly Job[], work: WorkFolder): Promise<number> {
  let needed = 0;
  for (const job of jobs) {
    const bytes = fileBytes(job.plan);
    needed += bytes + (job.type.float === undefined ? quantisedBytes(job, bytes) : 0);
    needed -= await work.bytesOf(floatName(job));
  }
  return Math.max(0, needed);
}
