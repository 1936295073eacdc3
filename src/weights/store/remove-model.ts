import { lstat, readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../../hub/hub-file.js';
import { isHubFile, listModels, readCatalogue, type Model } from '../catalogue.js';
import { bytesOfPart } from '../../hub/transfer/download.js';
import { wantedOf } from '../../hub/cache/find-in-cache.js';
import { blobPath, isSha256, repoFolder, snapshotPath, snapshotsFolder } from '../../hub/cache/layout.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { inspectModel, type Role } from './inspect-model.js';
import { linksTo } from '../../hub/cache/link-snapshot.js';
import { liftLock } from '../../hub/cache/locked-hashes.js';
import { removePart } from '../../hub/transfer/part-file.js';
import { codeOf } from '../../llava/file-problem.js';

export interface RemovedModel {
  readonly freedBytes: number;
  /** Files that stay on the disk because others use them. */
  readonly keptFor: readonly KeptFile[];
}

export interface KeptFile {
  readonly role: Role;
  /** In its repository. */
  readonly path: string;
  /** Names of models that are here, or `snapshot <commit>` where another program put it. */
  readonly users: readonly string[];
}

/**
 * Removes what is here of a model, started downloads too, and lifts the locks of its hashes. A file that another
 * model uses stays, and so do bytes that other snapshots of the repository link to.
 * @param models of the catalogue; those that are here keep the files they share with this one
 * @throws ExpectedError('usage') for a model that comes with the tool
 */
export async function removeModel(
  model: Model,
  settings: HubSettings,
  models: readonly Model[] = listModels(readCatalogue()),
): Promise<RemovedModel> {
  const keptFor: KeptFile[] = [];
  let freedBytes = 0;
  for (const role of ['model', 'mmproj'] as const) {
    const file = model.files[role];
    if (!isHubFile(file)) throw comesWithTheTool(model);
    const users = await usersOf(file, model, models, settings);
    const removed = users.length > 0 ? { freed: 0, users } : await removeFile(file, settings);
    freedBytes += removed.freed;
    if (removed.users.length > 0) keptFor.push({ role, path: file.path, users: removed.users });
  }
  return { freedBytes, keptFor };
}

/** Other models with that file whose both files are here. */
async function usersOf(
  file: HubFile,
  model: Model,
  models: readonly Model[],
  settings: HubSettings,
): Promise<readonly string[]> {
  const users: string[] = [];
  for (const other of models) {
    if (other.name === model.name) continue;
    const shares = Object.values(other.files).some((one) => isHubFile(one) && isSameFile(one, file));
    if (shares && (await inspectModel(other, settings)).state === 'present') users.push(other.name);
  }
  return users;
}

function isSameFile(one: HubFile, other: HubFile): boolean {
  return one.repo === other.repo && one.revision === other.revision && one.path === other.path;
}

async function removeFile(
  file: HubFile,
  settings: HubSettings,
): Promise<{ freed: number; users: readonly string[] }> {
  const { cacheFolder } = settings;
  const { commit, sha256 } = await wantedOf(file, settings);
  const path = commit === undefined ? undefined : snapshotPath(cacheFolder, file.repo, commit, file.path);
  const linked = path === undefined ? undefined : await readlink(path).catch(() => undefined);
  let freed = 0;
  if (path !== undefined) freed += await removeOne(path);
  const users = new Set<string>();
  const blobs = [sha256, linked === undefined ? undefined : basename(linked)];
  for (const blob of new Set(blobs.filter((name) => name !== undefined && isSha256(name)))) {
    const target = blobPath(cacheFolder, file.repo, blob ?? '');
    freed += await bytesOfPart(target);
    await removePart(target);
    const links = await linksTo(basename(target), file.repo, settings);
    if (links.length === 0) freed += await removeOne(target);
    for (const link of links) users.add(`snapshot ${commitOf(link, file, settings)}`);
  }
  if (path !== undefined) await removeEmptyFolders(path, file.repo, settings);
  await liftLock(file, settings);
  return { freed, users: [...users] };
}

function commitOf(link: string, file: HubFile, { cacheFolder }: HubSettings): string {
  return relative(snapshotsFolder(cacheFolder, file.repo), link).split(/[/\\]/)[0] ?? '';
}

/** Bytes that its removal frees: none for a link, and where there was nothing. */
async function removeOne(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isDirectory()) return 0;
  await rm(path, { force: true });
  return stats.isFile() ? stats.size : 0;
}

/** Other readers of the cache take a snapshot without files, or a branch without a snapshot, for damage. */
async function removeEmptyFolders(path: string, repo: string, settings: HubSettings): Promise<void> {
  const snapshots = snapshotsFolder(settings.cacheFolder, repo);
  for (let folder = dirname(path); folder.startsWith(snapshots); folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      (error: unknown) => codeOf(error) === 'ENOENT',
    );
    if (!isGone) return;
    if (dirname(folder) === snapshots) await removeRefsTo(basename(folder), repo, settings);
  }
  const home = repoFolder(settings.cacheFolder, repo);
  const blobs = await readdir(join(home, 'blobs')).catch(() => []);
  if (blobs.length === 0) await rm(home, { recursive: true, force: true });
}

async function removeRefsTo(commit: string, repo: string, settings: HubSettings): Promise<void> {
  const refs = join(repoFolder(settings.cacheFolder, repo), 'refs');
  for (const name of await readdir(refs, { recursive: true }).catch(() => [])) {
    const text = await readFile(join(refs, name), 'utf8').catch(() => '');
    if (text.trim() === commit) await rm(join(refs, name), { force: true });
  }
}

function comesWithTheTool(model: Model): ExpectedError {
  return new ExpectedError('usage', `${quote(model.name)} comes with llava and cannot be removed.`, {
    hint: 'llava models list shows what is here.',
  });
}
