import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../hub-file.js';
import { isCommit } from './layout.js';
import type { HubSettings } from '../hub-settings.js';
import { readStateFile, updateStateFile } from '../state-file.js';

/** What the hub said of a file when it was first met. */
const lockSchema = v.object({
  commit: v.string(),
  sha256: v.string(),
  bytes: v.number(),
  lockedAt: v.string(),
});
const contentSchema = v.object({ version: v.literal(1), files: v.record(v.string(), lockSchema) });

export type LockedFile = v.InferOutput<typeof lockSchema>;

/**
 * What was locked of a file, undefined when it was never met or the catalogue says all.
 * @throws ExpectedError('weights') when the file of locks is damaged: it is not forgotten silently
 */
export async function findLock(file: HubFile, settings: HubSettings): Promise<LockedFile | undefined> {
  if (needsNoLock(file)) return undefined;
  return lockOf(file, parse(await readStateFile(lockPath(settings)), settings));
}

/**
 * Locks what the hub says of a file, or compares it with what was locked first.
 * @param modelName for the next step in the error's hint
 * @throws ExpectedError('weights') when the hub now has other bytes under the name
 */
export async function lockFile(
  file: HubFile,
  { commit, sha256, bytes }: Omit<LockedFile, 'lockedAt'>,
  settings: HubSettings,
  modelName: string,
): Promise<LockedFile> {
  const met: LockedFile = { commit, sha256, bytes, lockedAt: new Date().toISOString() };
  if (needsNoLock(file)) return met;
  let first = await findLock(file, settings);
  if (first === undefined) {
    await changeLocks(settings, (locks) => {
      first = lockOf(file, locks);
      return first === undefined ? { ...locks, [keyOf(file)]: met } : locks;
    });
  }
  if (first !== undefined && first.sha256 !== sha256) throw changedSince(file, first, sha256, modelName);
  return first ?? met;
}

/** Lifts the lock of a file: what the hub has next is taken and locked anew. `llava models rm` does it. */
export async function liftLock(file: HubFile, settings: HubSettings): Promise<void> {
  if ((await findLock(file, settings)) === undefined) return;
  await changeLocks(settings, (locks) =>
    Object.fromEntries(Object.entries(locks).filter(([key]) => key !== keyOf(file))),
  );
}

/** Its commit, hash and size are all in the catalogue. */
function needsNoLock(file: HubFile): boolean {
  return isCommit(file.revision) && file.sha256 !== undefined && file.bytes !== undefined;
}

/** A hash that the catalogue has learnt since counts more than a locked one. */
function lockOf(file: HubFile, locks: Locks): LockedFile | undefined {
  const lock = locks[keyOf(file)];
  return file.sha256 === undefined || file.sha256 === lock?.sha256 ? lock : undefined;
}

type Locks = Record<string, LockedFile>;

async function changeLocks(settings: HubSettings, change: (files: Locks) => Locks): Promise<void> {
  await updateStateFile(lockPath(settings), (content) => {
    return { version: 1, files: change(parse(content, settings)) };
  });
}

function parse(content: unknown, settings: HubSettings): Locks {
  if (content === undefined) return {};
  const parsed = v.safeParse(contentSchema, content);
  if (parsed.success) return parsed.output.files;
  throw new ExpectedError('weights', `The file of locked hashes ${quote(lockPath(settings))} is damaged.`, {
    hint: 'Repair it, or delete it: the hashes that the hub reports next will be recorded.',
  });
}

function changedSince(file: HubFile, first: LockedFile, sha256: string, modelName: string): ExpectedError {
  const name = quote(`${file.repo}/${file.path}`);
  const day = first.lockedAt.slice(0, 10);
  return new ExpectedError(
    'weights',
    `${name} has changed on the hub since ${day}: its SHA-256 was ${first.sha256} and is ${sha256}`,
    { hint: `If you trust the new file: llava models rm ${modelName}, then llava pull ${modelName}` },
  );
}

function keyOf({ repo, revision, path }: HubFile): string {
  return `${repo}@${revision}/${path}`;
}

function lockPath(settings: HubSettings): string {
  return join(settings.stateFolder, 'weights.lock.json');
}
