import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../hub-file.js';
import type { HubSettings } from '../hub-settings.js';

/**
 * The layout of the Hugging Face cache, shared with Python and llama.cpp:
 * `models--owner--name/blobs/<sha256>`, `snapshots/<commit>/<path>` that links to a blob, `refs/<branch>`.
 */
export function repoFolder(cacheFolder: string, repo: string): string {
  return inside(cacheFolder, join(cacheFolder, `models--${repo.replaceAll('/', '--')}`));
}

/** Where the bytes of the file with that hash are. */
export function blobPath(cacheFolder: string, repo: string, hash: string): string {
  const blobs = join(repoFolder(cacheFolder, repo), 'blobs');
  return inside(blobs, join(blobs, hash));
}

/** Where a commit's file is found by its name. */
export function snapshotPath(cacheFolder: string, repo: string, commit: string, path: string): string {
  const snapshots = snapshotsFolder(cacheFolder, repo);
  const snapshot = inside(snapshots, join(snapshots, commit));
  return inside(snapshot, join(snapshot, path));
}

/** One folder a commit. */
export function snapshotsFolder(cacheFolder: string, repo: string): string {
  return join(repoFolder(cacheFolder, repo), 'snapshots');
}

/** The file that says which commit a branch was at. */
export function refPath(cacheFolder: string, repo: string, branch: string): string {
  const refs = join(repoFolder(cacheFolder, repo), 'refs');
  return inside(refs, join(refs, branch));
}

/** Whether a revision names a commit itself: nothing that moves. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** Whether a blob's name says the SHA-256 of its bytes. */
export function isSha256(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** The commit of the file's branch when it was last asked for by anyone; undefined where that is not known. */
export async function commitOfBranch(file: HubFile, settings: HubSettings): Promise<string | undefined> {
  const path = refPath(settings.cacheFolder, file.repo, file.revision);
  const text = await readFile(path, 'utf8').catch(() => '');
  const commit = text.trim();
  return isCommit(commit) ? commit : undefined;
}

/** Paths come from catalogues and the hub; none may lead out of its folder. */
function inside(folder: string, path: string): string {
  if (resolve(path).startsWith(resolve(folder) + sep)) return path;
  throw new ExpectedError('weights', `The path ${quote(path)} leads out of ${quote(folder)}.`, {
    hint: 'Correct repo, revision and path of the file in the catalogue.',
  });
}
