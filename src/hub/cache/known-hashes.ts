import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { hashFile } from '../hash-file.js';
import type { HubSettings } from '../hub-settings.js';
import { readStateFile, updateStateFile } from '../state-file.js';
import type { OnTransfer } from '../transfer/transfer-progress.js';

/** What tells that a file is still the one that was hashed. Numbers beyond 2⁵³ are kept as text. */
const knownSchema = v.object({
  bytes: v.number(),
  mtimeNs: v.string(),
  inode: v.string(),
  sha256: v.string(),
  verifiedAt: v.string(),
});
const contentSchema = v.object({ version: v.literal(1), files: v.record(v.string(), knownSchema) });

type Known = v.InferOutput<typeof knownSchema>;
type Identity = Pick<Known, 'bytes' | 'mtimeNs' | 'inode'>;

export interface HashingOptions {
  /** What progress calls the file. */
  readonly label: string;
  readonly onProgress?: OnTransfer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The SHA-256 that was met in this very file, undefined when it was never hashed or has changed since. */
export async function recallHash(path: string, settings: HubSettings): Promise<string | undefined> {
  const real = await realpath(path);
  const known = (await readKnown(settings))[real];
  return known !== undefined && isSame(known, await identify(real)) ? known.sha256 : undefined;
}

/** Hashes a file and remembers the result, so that the next one who asks need not hash it again. */
export async function hashAndRemember(
  path: string,
  settings: HubSettings,
  { label, onProgress, signal }: HashingOptions,
): Promise<string> {
  const real = await realpath(path);
  const before = await identify(real);
  const sha256 = await hashFile(real, {
    signal,
    onProgress: (done, total) => onProgress?.({ file: label, phase: 'verifying', done, total }),
  });
  await remember(real, before, sha256, settings);
  return sha256;
}

/** Remembers what a download has just verified. */
export async function rememberHash(path: string, sha256: string, settings: HubSettings): Promise<void> {
  const real = await realpath(path);
  await remember(real, await identify(real), sha256, settings);
}

async function remember(real: string, identity: Identity, sha256: string, settings: HubSettings) {
  const verifiedAt = new Date().toISOString();
  try {
    await updateStateFile(statePath(settings), async (content) => {
      const files = await onlyExisting(parse(content));
      return { version: 1, files: { ...files, [real]: { ...identity, sha256, verifiedAt } } };
    });
  } catch (error) {
    // Memory spares time, no more: where it cannot be written, files are hashed again.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

async function readKnown(settings: HubSettings): Promise<Record<string, Known>> {
  return parse(await readStateFile(statePath(settings)).catch(() => undefined));
}

/** What is damaged counts as empty. */
function parse(content: unknown): Record<string, Known> {
  const parsed = v.safeParse(contentSchema, content);
  return parsed.success ? parsed.output.files : {};
}

async function onlyExisting(files: Record<string, Known>): Promise<Record<string, Known>> {
  const entries = await Promise.all(
    Object.entries(files).map(async (entry) => ((await exists(entry[0])) ? [entry] : [])),
  );
  return Object.fromEntries(entries.flat());
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function identify(path: string): Promise<Identity> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return { bytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
}

function isSame(known: Identity, now: Identity): boolean {
  return known.bytes === now.bytes && known.mtimeNs === now.mtimeNs && known.inode === now.inode;
}

function statePath(settings: HubSettings): string {
  return join(settings.stateFolder, 'known-hashes.json');
}
