import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { HubFile } from '../hub-file.js';
import { blobPath, commitOfBranch, isCommit, isSha256, snapshotPath, snapshotsFolder } from './layout.js';
import type { HubSettings } from '../hub-settings.js';
import { findLock } from './locked-hashes.js';

/** What is known of a file without asking: from the catalogue, the lock, and what others left in the cache. */
export interface WantedFile {
  readonly file: HubFile;
  readonly commit: string | undefined;
  /** Whether the commit is the catalogue's or a locked one, and not where a branch happened to be. */
  readonly isPinned: boolean;
  readonly sha256: string | undefined;
  /** Exact, undefined where it is not known. */
  readonly bytes: number | undefined;
}

/** A whole file in the cache that bears the wanted name or hash; its bytes may still be others. */
export interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the blob's name, undefined for a file that is no blob. */
  readonly namedSha256: string | undefined;
  /** Undefined for a blob that was found by its hash. */
  readonly commit: string | undefined;
  /** Found under another commit: only its hash can tell whether it is the wanted file. */
  readonly isGuess: boolean;
}

/** @throws ExpectedError('weights') when the file of locks is damaged */
export async function wantedOf(file: HubFile, settings: HubSettings): Promise<WantedFile> {
  const lock = await findLock(file, settings);
  const pinned = isCommit(file.revision) ? file.revision : lock?.commit;
  const commit = pinned ?? (await commitOfBranch(file, settings));
  return {
    file,
    commit,
    isPinned: pinned !== undefined,
    sha256: file.sha256 ?? lock?.sha256,
    bytes: file.bytes ?? lock?.bytes,
  };
}

/**
 * Files in the cache that may be the wanted one, the likeliest first, without hashing: in the commit's snapshot, as
 * a blob of the wanted hash, and as real files in other snapshots, where a system has no links.
 */
export async function findInCache(wanted: WantedFile, settings: HubSettings): Promise<readonly CachedFile[]> {
  const { repo, path } = wanted.file;
  const found: (CachedFile | undefined)[] = [];
  if (wanted.commit !== undefined) {
    found.push(await look(snapshotPath(settings.cacheFolder, repo, wanted.commit, path), wanted.commit));
  }
  if (wanted.sha256 !== undefined) {
    if (found[0]?.namedSha256 !== wanted.sha256) {
      found.push(await look(blobPath(settings.cacheFolder, repo, wanted.sha256)));
    }
    for (const commit of await commitsInCache(repo, settings)) {
      if (commit === wanted.commit) continue;
      const guess = await look(snapshotPath(settings.cacheFolder, repo, commit, path), commit);
      if (guess?.namedSha256 === undefined && guess !== undefined) found.push({ ...guess, isGuess: true });
    }
  }
  return found.filter((one) => one !== undefined).filter((one) => fits(one, wanted));
}

/** The commits that have a snapshot of the repository here. */
export async function commitsInCache(repo: string, settings: HubSettings): Promise<readonly string[]> {
  const names = await readdir(snapshotsFolder(settings.cacheFolder, repo)).catch(() => []);
  return names.filter(isCommit);
}

/** Undefined when there is no file, or a link to none. */
async function look(path: string, commit?: string): Promise<CachedFile | undefined> {
  try {
    const [stats, own] = await Promise.all([stat(path), lstat(path)]);
    if (!stats.isFile()) return undefined;
    const name = commit !== undefined && own.isSymbolicLink() ? await readlink(path) : path;
    const namedSha256 = isSha256(basename(name)) ? basename(name) : undefined;
    return { path, bytes: stats.size, namedSha256, commit, isGuess: false };
  } catch {
    return undefined;
  }
}

function fits(found: CachedFile, { sha256, bytes }: WantedFile): boolean {
  if (bytes !== undefined && found.bytes !== bytes) return false;
  return sha256 === undefined || found.namedSha256 === undefined || found.namedSha256 === sha256;
}
