import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubFile } from '../../src/hub/hub-file.js';
import type { DownloadRequest } from '../../src/hub/transfer/download.js';
import type { HubSettings } from '../../src/hub/hub-settings.js';
import { DEFAULT_PACE, type Pace } from '../../src/hub/http/pace.js';
import type { FakeHub } from '../helpers/fake-hub.js';
import type { FakeFile } from '../helpers/hub-faults.js';

/** Waits short enough for tests. */
export const QUICK_PACE: Pace = {
  ...DEFAULT_PACE,
  stalledMs: 3000,
  firstWaitMs: 5,
  longestWaitMs: 40,
  lockStaleMs: 2000,
  lockLookMs: 20,
};

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A new file of random bytes on the hub. */
export function addFile(hub: FakeHub, bytes: number, more: Partial<FakeFile> = {}): FakeFile {
  const path = `${randomBytes(6).toString('hex')}.gguf`;
  return hub.add({ repo: 'owner/name', path, commit: COMMIT, bytes: randomBytes(bytes), ...more });
}

export function hubFile({ repo, path }: FakeFile, revision = 'main'): HubFile {
  return { repo, path, revision };
}

export function settingsFor(hub: FakeHub, folder: string, token?: string): HubSettings {
  return { endpoint: hub.endpoint, token, cacheFolder: folder, stateFolder: folder, offline: false };
}

/** What to download, to where in the folder. */
export function requestFor(file: FakeFile, folder: string): DownloadRequest {
  return {
    file: hubFile(file),
    commit: file.commit,
    bytes: file.bytes.length,
    sha256: sha256(file.bytes),
    target: join(folder, file.path),
  };
}

/** The ends of what lies beside the target of a download: nothing once it is done. */
export function leftBeside(target: string): string[] {
  return ['.part', '.part.log', '.part.log.new', '.lock'].filter((end) => existsSync(target + end));
}

/** Whether the target is there, whole, and nothing lies beside it. */
export function isDone(target: string, bytes: Buffer): boolean {
  return leftBeside(target).length === 0 && existsSync(target) && readFileSync(target).equals(bytes);
}
