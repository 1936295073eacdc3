import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

/** One file of a snapshot, as any program that knows the public layout sees it. */
export interface SnapshotFile {
  readonly repo: string;
  readonly commit: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly isLink: boolean;
}

export interface HubCache {
  readonly files: readonly SnapshotFile[];
  /** `owner/name@branch` → commit. */
  readonly refs: ReadonlyMap<string, string>;
  /** What breaks the rules of the layout, or is left over. */
  readonly complaints: readonly string[];
}

/**
 * Reads a Hugging Face cache by its public description alone (hub-docs, "Hub Local Cache"), and is strict: links
 * are relative, blobs bear the hash of their bytes, refs hold a commit that has a snapshot, nothing else is there.
 */
export function readHubCache(folder: string): HubCache {
  const files: SnapshotFile[] = [];
  const refs = new Map<string, string>();
  const complaints: string[] = [];
  for (const name of readdirSync(folder)) {
    if (name === 'CACHEDIR.TAG' || name === '.locks') continue;
    const [kind, ...parts] = name.split('--');
    if (kind !== 'models' || parts.length !== 2) {
      complaints.push(`${name} is no repository`);
      continue;
    }
    readRepository(join(folder, name), parts.join('/'), { files, refs, complaints });
  }
  return { files, refs, complaints };
}

interface Findings {
  files: SnapshotFile[];
  refs: Map<string, string>;
  complaints: string[];
}

function readRepository(folder: string, repo: string, { files, refs, complaints }: Findings): void {
  const used = new Set<string>();
  const commits = listFolder(join(folder, 'snapshots'));
  for (const name of readdirSync(folder)) {
    if (!['blobs', 'refs', 'snapshots', '.no_exist', 'trees'].includes(name))
      complaints.push(`${repo}: stray ${name}`);
  }
  for (const commit of commits) {
    if (!/^[0-9a-f]{40}$/.test(commit)) complaints.push(`${repo}: snapshot ${commit}`);
    for (const path of listFiles(join(folder, 'snapshots', commit))) {
      const full = join(folder, 'snapshots', commit, path);
      const isLink = lstatSync(full).isSymbolicLink();
      if (isLink) {
        const target = readlinkSync(full);
        const expected = relative(dirname(full), join(folder, 'blobs', basename(target)));
        if (target !== expected) complaints.push(`${repo}: ${path} links to ${target}, not ${expected}`);
        used.add(resolve(dirname(full), target));
      }
      try {
        const bytes = readFileSync(full);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        if (isLink && basename(realpathSync(full)) !== sha256)
          complaints.push(`${repo}: ${path} is another blob`);
        files.push({ repo, commit, path, sha256, bytes: bytes.length, isLink });
      } catch {
        complaints.push(`${repo}: ${path} leads nowhere`);
      }
    }
  }
  for (const blob of listFolder(join(folder, 'blobs'))) {
    if (!used.has(join(folder, 'blobs', blob))) complaints.push(`${repo}: unused blob ${blob}`);
  }
  for (const branch of listFiles(join(folder, 'refs'))) {
    const commit = readFileSync(join(folder, 'refs', branch), 'utf8');
    if (!commits.includes(commit)) complaints.push(`${repo}: ref ${branch} to "${commit}"`);
    refs.set(`${repo}@${branch}`, commit);
  }
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function listFiles(folder: string): readonly string[] {
  return listFolder(folder).flatMap((name) => {
    const full = join(folder, name);
    return lstatSync(full).isDirectory() ? listFiles(full).map((below) => `${name}/${below}`) : [name];
  });
}
