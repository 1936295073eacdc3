import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { HubFile } from '../hub-file.js';
import { commitsInCache } from './find-in-cache.js';
import { blobPath, refPath, repoFolder, snapshotPath, snapshotsFolder } from './layout.js';
import type { HubSettings } from '../hub-settings.js';
import { codeOf } from '../../llava/file-problem.js';
import { writeAtomically } from '../state-file.js';

/**
 * Makes a blob found by its name under a commit and returns that path: a relative link, or a real file where links
 * are impossible or unwanted. What was there under the name is replaced at once.
 */
export async function linkSnapshot(
  file: HubFile,
  commit: string,
  sha256: string,
  settings: HubSettings,
): Promise<string> {
  const blob = blobPath(settings.cacheFolder, file.repo, sha256);
  const path = snapshotPath(settings.cacheFolder, file.repo, commit, file.path);
  await mkdir(dirname(path), { recursive: true });
  const isLinked = settings.withoutSymlinks !== true && (await trySymlink(blob, path, file.repo, settings));
  if (!isLinked) await placeFile(blob, path, file.repo, settings);
  return path;
}

/** False where the system allows no links. */
async function trySymlink(blob: string, path: string, repo: string, settings: HubSettings): Promise<boolean> {
  const target = relative(dirname(path), blob);
  if ((await readlink(path).catch(() => undefined)) === target) return true;
  // Renamed over, so that the name never leads nowhere.
  const fresh = join(repoFolder(settings.cacheFolder, repo), `.link-${randomUUID()}`);
  try {
    await symlink(target, fresh, 'file');
    await rename(fresh, path);
    return true;
  } catch (error) {
    await rm(fresh, { force: true });
    if (['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/** Moves the blob to its name; copies it when links of other snapshots lead to it. */
async function placeFile(blob: string, path: string, repo: string, settings: HubSettings): Promise<void> {
  if ((await linksTo(basename(blob), repo, settings)).every((link) => link === path)) {
    await rename(blob, path);
    return;
  }
  const fresh = join(repoFolder(settings.cacheFolder, repo), `.copy-${randomUUID()}`);
  try {
    await copyFile(blob, fresh, constants.COPYFILE_FICLONE);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** Every link in the snapshots of a repository that leads to the blob of that name. */
export async function linksTo(
  blobName: string,
  repo: string,
  settings: HubSettings,
): Promise<readonly string[]> {
  const links: string[] = [];
  for (const commit of await commitsInCache(repo, settings)) {
    const folder = join(snapshotsFolder(settings.cacheFolder, repo), commit);
    for (const name of await readdir(folder, { recursive: true })) {
      const target = await readlink(join(folder, name)).catch(() => '');
      if (basename(target) === blobName) links.push(join(folder, name));
    }
  }
  return links;
}

/** Notes which commit the file's branch is at. */
export async function writeRef(file: HubFile, commit: string, settings: HubSettings): Promise<void> {
  const path = refPath(settings.cacheFolder, file.repo, file.revision);
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, commit, repoFolder(settings.cacheFolder, file.repo));
}

/** Makes the cache folder, and tells backup programs that it is one; an existing tag stays. */
export async function makeCacheFolder({ cacheFolder }: HubSettings): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const tag =
    'Signature: 8a477f597d28d172789f06886806bc55\n' +
    '# This folder is a cache of files from the Hugging Face hub; see https://bford.info/cachedir/\n';
  await writeFile(join(cacheFolder, 'CACHEDIR.TAG'), tag, { flag: 'wx' }).catch(() => undefined);
}
