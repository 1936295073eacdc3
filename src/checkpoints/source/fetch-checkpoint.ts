import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { blobPath, isCommit, snapshotPath, commitOfBranch, snapshotsFolder } from '../../hub/cache/layout.js';
import { recallHash, rememberHash } from '../../hub/cache/known-hashes.js';
import { linkSnapshot, makeCacheFolder, writeRef } from '../../hub/cache/link-snapshot.js';
import type { HubFile } from '../../hub/hub-file.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { listRepository, type ListedFile } from '../../hub/http/list-repository.js';
import { downloadFile, type DownloadOptions } from '../../hub/transfer/download.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubName } from './hub-name.js';
import { neededFiles } from './needed-files.js';

/** What bringing a checkpoint here takes. */
export interface CheckpointDownload {
  /** The commit's folder in the cache, which `openCheckpoint` takes once `fetch` is done. */
  readonly folder: string;
  readonly commit: string;
  /** Of all files, and of those that are not here. */
  readonly bytes: number;
  readonly missingBytes: number;
  /** Downloads what is missing: resumed, verified, and in the cache that Python shares. */
  fetch(options?: DownloadOptions): Promise<void>;
}

/**
 * Lists a checkpoint on the hub and finds out what of it is here. Nothing is downloaded yet. Offline the cache is all
 * there is.
 * @throws ExpectedError('weights') when the hub cannot be reached or has no such repository, or one without a checkpoint
 */
export async function prepareCheckpoint(
  { repo, revision }: HubName,
  settings: HubSettings,
  options: Pick<DownloadOptions, 'signal' | 'pace'> = {},
): Promise<CheckpointDownload> {
  if (settings.offline) return await findOffline({ repo, revision }, settings);
  const { commit, files } = await listRepository(repo, revision, settings, options.signal, options.pace);
  const needed = new Set(neededFiles(files.map(({ path }) => path)));
  const wanted = files.filter(({ path }) => needed.has(path));
  if (!wanted.some(({ path }) => /\.(?:safetensors|bin)$/.test(path)))
    throw new ExpectedError(
      'weights',
      `${quote(repo)} holds no weights of a checkpoint at ${quote(revision)}.`,
      {
        hint: 'Name a repository with safetensors or pytorch_model files',
      },
    );
  const missing: ListedFile[] = [];
  for (const file of wanted) if (!(await isHere(repo, commit, file, settings))) missing.push(file);
  return {
    folder: dirname(snapshotPath(settings.cacheFolder, repo, commit, 'config.json')),
    commit,
    bytes: sum(wanted),
    missingBytes: sum(missing),
    fetch: async (more = {}) => {
      await makeCacheFolder(settings);
      for (const file of missing)
        await fetchFile({ repo, revision }, commit, file, settings, { ...options, ...more });
      if (!isCommit(revision)) await writeRef({ repo, revision, path: 'config.json' }, commit, settings);
    },
  };
}

function sum(files: readonly ListedFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

/** Whether the commit's file is here and was verified before; small files are hashed each time. */
async function isHere(
  repo: string,
  commit: string,
  file: ListedFile,
  settings: HubSettings,
): Promise<boolean> {
  const path = snapshotPath(settings.cacheFolder, repo, commit, file.path);
  const stats = await stat(path).catch(() => undefined);
  if (stats?.size !== file.bytes) return false;
  if (file.sha256 === undefined) return (await gitOidOf(path)) === file.gitOid;
  return (await recallHash(path, settings)) === file.sha256;
}

async function fetchFile(
  { repo, revision }: HubName,
  commit: string,
  { path, bytes, sha256, gitOid }: ListedFile,
  settings: HubSettings,
  options: DownloadOptions,
): Promise<void> {
  const file: HubFile = { repo, revision, path };
  const blob = sha256 ?? gitOid;
  const target = blobPath(settings.cacheFolder, repo, blob);
  await mkdir(dirname(target), { recursive: true });
  // A blob of the right size is taken as it is where no SHA-256 tells: one that was changed here would stay.
  if (sha256 === undefined && (await gitOidOf(target).catch(() => gitOid)) !== gitOid)
    await rm(target, { force: true });
  await downloadFile({ file, commit, bytes, sha256, target }, settings, options);
  if (sha256 === undefined && (await gitOidOf(target)) !== gitOid) {
    await rm(target, { force: true });
    throw new ExpectedError(
      'weights',
      `${quote(`${repo}/${path}`)} arrived with other bytes than the hub lists; it was removed.`,
      {
        hint: 'Try again later; if HF_ENDPOINT or a proxy is set, try without it',
      },
    );
  }
  const linked = await linkSnapshot(file, commit, blob, settings);
  if (sha256 !== undefined) await rememberHash(linked, sha256, settings);
}

/** Git's name of a file's bytes: SHA-1 behind a header of its kind and length. */
async function gitOidOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

async function findOffline({ repo, revision }: HubName, settings: HubSettings): Promise<CheckpointDownload> {
  const named = { repo, revision, path: 'config.json' };
  const commit = isCommit(revision) ? revision : await commitOfBranch(named, settings);
  const folder = dirname(snapshotPath(settings.cacheFolder, repo, commit ?? 'none', 'config.json'));
  const names = commit === undefined ? [] : await readdir(folder).catch(() => []);
  if (commit === undefined || names.length === 0)
    throw new ExpectedError(
      'weights',
      `${quote(`${repo}@${revision}`)} is not in ${quote(snapshotsFolder(settings.cacheFolder, repo))}, and HF_HUB_OFFLINE is set.`,
      { hint: 'Unset HF_HUB_OFFLINE, or name a folder' },
    );
  return { folder, commit, bytes: 0, missingBytes: 0, fetch: async () => Promise.resolve() };
}
