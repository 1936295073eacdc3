import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../../hub/hub-file.js';
import { downloadFile } from '../../hub/transfer/download.js';
import { findInCache, wantedOf, type CachedFile, type WantedFile } from '../../hub/cache/find-in-cache.js';
import { blobPath, isCommit, snapshotPath } from '../../hub/cache/layout.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { askHub } from '../../hub/http/ask-hub.js';
import { hashAndRemember, recallHash, rememberHash } from '../../hub/cache/known-hashes.js';
import { linkSnapshot, makeCacheFolder, writeRef } from '../../hub/cache/link-snapshot.js';
import { lockFile } from '../../hub/cache/locked-hashes.js';
import type { OnTransfer } from '../../hub/transfer/transfer-progress.js';

export interface PullOptions {
  readonly connections?: number;
  readonly onProgress?: OnTransfer;
  readonly signal?: AbortSignal;
}

/** A file whose commit, hash and size are known, so that it can be fetched. */
interface SettledFile extends WantedFile {
  readonly commit: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Finds a file in the cache and verifies it, or settles with the hub what to fetch. Nothing is downloaded yet: the
 * returned function does it, undefined when the file is here.
 * @throws ExpectedError('weights'): offline, refused, or other bytes on the hub than published or locked
 */
export async function preparePull(
  file: HubFile,
  modelName: string,
  settings: HubSettings,
  options: PullOptions,
): Promise<(() => Promise<void>) | undefined> {
  const wanted = await wantedOf(file, settings);
  const here = await findVerified(wanted, settings, options);
  if (here !== undefined && (await useAsItIs(here, wanted, settings))) return undefined;
  if (settings.offline) {
    await lockOffline(wanted, modelName, settings, options);
    return undefined;
  }
  const settled = await settle(wanted, modelName, settings, options);
  const found = await findVerified(settled, settings, options);
  if (found === undefined)
    return async () => {
      await fetchFile(settled, wanted.isPinned, settings, options);
    };
  if (found.commit === undefined) await nameBlob(settled, settings);
  if (!wanted.isPinned) await writeRef(file, settled.commit, settings);
  return undefined;
}

/** A verified blob without a name gets one, unless only the hub can say of which commit. */
async function useAsItIs(here: CachedFile, wanted: WantedFile, settings: HubSettings): Promise<boolean> {
  if (here.commit !== undefined) return true;
  const { commit, sha256 } = wanted;
  if (commit === undefined || sha256 === undefined) return settings.offline;
  if (!wanted.isPinned && !settings.offline) return false;
  await nameBlob({ ...wanted, commit, sha256 }, settings);
  return true;
}

/** The first file of the cache that has the wanted hash, hashed unless its hash is remembered. */
async function findVerified(
  wanted: WantedFile,
  settings: HubSettings,
  options: PullOptions,
): Promise<CachedFile | undefined> {
  if (wanted.sha256 === undefined) return undefined;
  for (const found of await findInCache(wanted, settings)) {
    if ((await sha256Of(found, wanted.file, settings, options)) === wanted.sha256) return found;
  }
  return undefined;
}

async function sha256Of(
  { path }: CachedFile,
  file: HubFile,
  settings: HubSettings,
  options: PullOptions,
): Promise<string> {
  const known = await recallHash(path, settings);
  return known ?? (await hashAndRemember(path, settings, { label: file.path, ...options }));
}

/** Without the hub a blob's own name stands in for a hash that nobody has published. */
async function lockOffline(
  wanted: WantedFile,
  modelName: string,
  settings: HubSettings,
  options: PullOptions,
): Promise<void> {
  const { file, commit, sha256 } = wanted;
  for (const found of sha256 === undefined ? await findInCache(wanted, settings) : []) {
    const actual = await sha256Of(found, file, settings, options);
    if (commit === undefined || actual !== found.namedSha256) continue;
    await lockFile(file, { commit, sha256: actual, bytes: found.bytes }, settings, modelName);
    return;
  }
  throw new ExpectedError('weights', `${nameOf(file)} is not on this machine, and HF_HUB_OFFLINE is set.`, {
    hint: `Unset HF_HUB_OFFLINE, then: llava pull ${modelName}`,
  });
}

/** Asks the hub for what is not known, and holds its answer against what is. */
async function settle(
  wanted: WantedFile,
  modelName: string,
  settings: HubSettings,
  { signal }: PullOptions,
): Promise<SettledFile> {
  const { file } = wanted;
  const revision = wanted.isPinned ? (wanted.commit ?? file.revision) : file.revision;
  const facts = await askHub({ ...file, revision }, settings, signal);
  const sha256 = facts.sha256 ?? wanted.sha256;
  const commit = isCommit(revision) ? revision : facts.commit;
  const { bytes } = facts;
  if (sha256 === undefined) throw unfit(file, 'has no SHA-256 on the hub, so it cannot be verified');
  if (file.sha256 !== undefined && sha256 !== file.sha256) {
    throw unfit(file, `has the SHA-256 ${sha256} on the hub, not the published ${file.sha256}`);
  }
  if (file.bytes !== undefined && bytes !== file.bytes) {
    throw unfit(file, `has ${bytes} bytes on the hub, not the published ${file.bytes}`);
  }
  await lockFile(file, { commit, sha256, bytes }, settings, modelName);
  return { ...wanted, commit, sha256, bytes };
}

async function fetchFile(
  settled: SettledFile,
  isPinned: boolean,
  settings: HubSettings,
  options: PullOptions,
): Promise<void> {
  const { file, commit, sha256, bytes } = settled;
  const { cacheFolder } = settings;
  const target = blobPath(cacheFolder, file.repo, sha256);
  await makeCacheFolder(settings);
  await mkdir(dirname(target), { recursive: true });
  // Other readers of the cache miss it in a repository of which only a part is here.
  await mkdir(dirname(snapshotPath(cacheFolder, file.repo, commit, file.path)), { recursive: true });
  await removeLyingBlob(target, settled, settings);
  await downloadFile({ file, commit, bytes, sha256, target }, settings, options);
  await nameBlob(settled, settings);
  if (!isPinned) await writeRef(file, commit, settings);
}

/** Nobody can use a blob whose bytes are not those of its name; it would stand in the way of the right ones. */
async function removeLyingBlob(
  target: string,
  { sha256, bytes }: SettledFile,
  settings: HubSettings,
): Promise<void> {
  const stats = await stat(target).catch(() => undefined);
  if (stats === undefined) return;
  const known = await recallHash(target, settings);
  if (stats.size !== bytes || (known !== undefined && known !== sha256)) await rm(target, { force: true });
}

/** Makes a verified blob found by the file's name. */
async function nameBlob(
  { file, commit, sha256 }: Omit<SettledFile, 'bytes'>,
  settings: HubSettings,
): Promise<void> {
  const path = await linkSnapshot(file, commit, sha256, settings);
  await rememberHash(path, sha256, settings);
}

function unfit(file: HubFile, problem: string): ExpectedError {
  return new ExpectedError('weights', `${nameOf(file)} ${problem}.`, {
    hint: 'Choose another model: llava models list. If HF_ENDPOINT is set, try without it.',
  });
}

function nameOf(file: HubFile): string {
  return quote(`${file.repo}/${file.path}`);
}
