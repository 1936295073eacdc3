import { basename } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../../hub/hub-file.js';
import { isHubFile, type BuiltInFile, type Model } from '../catalogue.js';
import { findInCache, wantedOf } from '../../hub/cache/find-in-cache.js';
import { hashFile } from '../../hub/hash-file.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import type { Role } from './inspect-model.js';
import { hashAndRemember } from '../../hub/cache/known-hashes.js';
import type { PullOptions } from './pull-file.js';

export interface VerifiedFile {
  readonly role: Role;
  readonly path: string;
  /** Published, locked, or of the blob's name; undefined where nobody has said it. */
  readonly expected: string | undefined;
  readonly actual: string;
  readonly ok: boolean;
}

/**
 * Hashes what is here of a model, whatever is remembered. A bad file stays where it is, but is not used from then
 * on; the next pull fetches it anew.
 * @throws ExpectedError('weights') when nothing of the model is here
 */
export async function verifyModel(
  model: Model,
  settings: HubSettings,
  options: PullOptions = {},
): Promise<readonly VerifiedFile[]> {
  const verified: VerifiedFile[] = [];
  for (const role of ['model', 'mmproj'] as const) {
    const file = model.files[role];
    const result = isHubFile(file)
      ? await verifyHubFile(role, file, settings, options)
      : await hashBuiltIn(role, file, options);
    if (result !== undefined) verified.push(result);
  }
  if (verified.length > 0) return verified;
  throw new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
    hint: `llava pull ${model.name}`,
  });
}

async function verifyHubFile(
  role: Role,
  file: HubFile,
  settings: HubSettings,
  options: PullOptions,
): Promise<VerifiedFile | undefined> {
  const wanted = await wantedOf(file, settings);
  let first: VerifiedFile | undefined;
  for (const { path, namedSha256, isGuess } of await findInCache(wanted, settings)) {
    const expected = wanted.sha256 ?? namedSha256;
    const actual = await hashAndRemember(path, settings, { label: file.path, ...options });
    const ok = expected === undefined || actual === expected;
    if (ok) return { role, path, expected, actual, ok };
    if (!isGuess) first ??= { role, path, expected, actual, ok };
  }
  return first;
}

async function hashBuiltIn(
  role: Role,
  file: BuiltInFile,
  { onProgress, signal }: PullOptions,
): Promise<VerifiedFile> {
  const { path } = file;
  const actual = await hashFile(path, {
    signal,
    onProgress: (done, total) => onProgress?.({ file: basename(path), phase: 'verifying', done, total }),
  });
  return { role, path, expected: undefined, actual, ok: true };
}
