import { stat } from 'node:fs/promises';
import { sizeOf, type HubFile } from '../../hub/hub-file.js';
import { isHubFile, type BuiltInFile, type Model } from '../catalogue.js';
import { bytesOfPart } from '../../hub/transfer/download.js';
import { findInCache, wantedOf, type CachedFile, type WantedFile } from '../../hub/cache/find-in-cache.js';
import { blobPath } from '../../hub/cache/layout.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { recallHash } from '../../hub/cache/known-hashes.js';

export type Role = 'model' | 'mmproj';
export type StoredState = 'present' | 'partial' | 'missing';

/** One of a model's two files on this machine. */
export interface StoredFile {
  readonly role: Role;
  readonly file: HubFile | BuiltInFile;
  readonly state: StoredState;
  /** Undefined unless it is present. */
  readonly path: string | undefined;
  /** On this machine, those of a started download too. */
  readonly bytes: number;
  /** Exact where that is known, otherwise as published. */
  readonly totalBytes: number;
}

export interface StoredModel {
  readonly model: Model;
  /** `partial` also when one file is here and the other is not. */
  readonly state: StoredState;
  /** The language model, then the projector. */
  readonly files: readonly [StoredFile, StoredFile];
}

/**
 * What is here of a model, told by names, sizes and remembered hashes: no request, nothing hashed. A file that was
 * found damaged is not here.
 * @throws ExpectedError('weights') when the file of locked hashes is damaged
 */
export async function inspectModel(model: Model, settings: HubSettings): Promise<StoredModel> {
  const files = await Promise.all([
    inspectFile('model', model.files.model, settings),
    inspectFile('mmproj', model.files.mmproj, settings),
  ]);
  const states = files.map((file) => file.state);
  const isWhole = states.every((state) => state === 'present');
  const isAbsent = states.every((state) => state === 'missing');
  return { model, state: isWhole ? 'present' : isAbsent ? 'missing' : 'partial', files };
}

async function inspectFile(
  role: Role,
  file: HubFile | BuiltInFile,
  settings: HubSettings,
): Promise<StoredFile> {
  if (!isHubFile(file)) return await inspectBuiltIn(role, file);
  const wanted = await wantedOf(file, settings);
  for (const { path, bytes, ...found } of await findInCache(wanted, settings)) {
    if (!(await isTrusted({ path, bytes, ...found }, wanted, settings))) continue;
    return { role, file, state: 'present', path, bytes, totalBytes: bytes };
  }
  const bytes = await bytesHere(wanted, settings);
  const totalBytes = wanted.bytes ?? sizeOf(file);
  return { role, file, state: bytes > 0 ? 'partial' : 'missing', path: undefined, bytes, totalBytes };
}

async function inspectBuiltIn(role: Role, file: BuiltInFile): Promise<StoredFile> {
  const { path } = file;
  const bytes = (await stat(path)).size;
  return { role, file, state: 'present', path, bytes, totalBytes: bytes };
}

/** A name is believed until a hash has proved it wrong; a guess only when a hash has proved it right. */
async function isTrusted(found: CachedFile, wanted: WantedFile, settings: HubSettings): Promise<boolean> {
  const expected = wanted.sha256 ?? found.namedSha256;
  const known = await recallHash(found.path, settings);
  if (found.isGuess) return known !== undefined && known === expected;
  return known === undefined || expected === undefined || known === expected;
}

/** Bytes of a started download. */
async function bytesHere({ file, sha256 }: WantedFile, { cacheFolder }: HubSettings): Promise<number> {
  return sha256 === undefined ? 0 : await bytesOfPart(blobPath(cacheFolder, file.repo, sha256));
}
