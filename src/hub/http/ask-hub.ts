import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { isCommit } from '../cache/layout.js';
import type { HubFile } from '../hub-file.js';
import { failedAnswer, isPassing } from './failed-try.js';
import { HubSession, type HubAnswer } from './hub-session.js';
import type { HubSettings } from '../hub-settings.js';
import { DEFAULT_PACE, type Pace } from './pace.js';
import { Patience } from './patience.js';
import { gaveUp, nameOfFile, refusal } from './refusal.js';

/** What the hub says of a file, from HEAD alone. */
export interface HubFacts {
  /** 40 hex digits. */
  readonly commit: string;
  /** Of a file in Git LFS or Xet. */
  readonly sha256: string | undefined;
  /** Without `W/` and quotes; a blob's name where there is no `sha256`. */
  readonly etag: string;
  readonly bytes: number;
}

/**
 * Asks the hub for a file's commit, hash and size at `file.revision`. No byte of the file is fetched, and no other
 * host is asked.
 * @throws ExpectedError('weights') when offline, refused or not understood; the signal's reason on abort
 */
export async function askHub(
  file: HubFile,
  settings: HubSettings,
  signal?: AbortSignal,
  pace: Pace = DEFAULT_PACE,
): Promise<HubFacts> {
  await using session = await HubSession.open(settings, pace);
  const patience = new Patience({ pace, signal });
  const answer = await patience
    .run(async () => await askForFile(session, file, file.revision, signal))
    .catch((error: unknown) => {
      throw gaveUp(file, error);
    });
  return readFacts(answer, file, session.endpoint);
}

/**
 * The answer that describes a file: a redirect to the host that has its bytes, or the hub's own 200.
 * @throws FailedTry when another try may help; ExpectedError('weights') when the hub refuses
 */
export async function askForFile(
  session: HubSession,
  file: HubFile,
  revision: string,
  signal: AbortSignal | undefined,
): Promise<HubAnswer> {
  const url = session.addressOf(file, revision);
  const answer = await session.ask({ method: 'HEAD', url, signal, acrossHosts: false });
  answer.body.destroy();
  if (isPassing(answer.status)) throw failedAnswer(answer, answer.url.host);
  if (answer.status === 200 || answer.location !== undefined) return answer;
  throw refusal(file, revision, answer, session.endpoint);
}

/** Bytes of the described file; undefined when the answer does not say. Never those of a redirect's own body. */
export function bytesOf({ headers, location }: HubAnswer): number | undefined {
  const value = headers['x-linked-size'] ?? (location === undefined ? headers['content-length'] : undefined);
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function readFacts(answer: HubAnswer, file: HubFile, endpoint: URL): HubFacts {
  const { headers, location } = answer;
  const commit = headers['x-repo-commit'] ?? (isCommit(file.revision) ? file.revision : undefined);
  const etag = plainEtag(headers['x-linked-etag'] ?? headers['etag']);
  const bytes = bytesOf(answer);
  if (commit !== undefined && isCommit(commit) && etag !== undefined && bytes !== undefined)
    return { commit, sha256: /^[0-9a-f]{64}$/.test(etag) ? etag : undefined, etag, bytes };
  const points = location === undefined ? '' : `, but points to ${quote(location.origin)}`;
  throw new ExpectedError(
    'weights',
    `${quote(endpoint.origin)} does not say what ${nameOfFile(file)} is${points}.`,
    { hint: location === undefined ? 'Check HF_ENDPOINT' : `HF_ENDPOINT=${location.origin}` },
  );
}

/** An entity tag becomes a blob's name, so it may hold nothing that a path would obey. */
function plainEtag(etag: string | undefined): string | undefined {
  const plain = etag?.replace(/^W\//, '').replaceAll('"', '');
  return plain !== undefined && /^[\w-]{1,128}$/.test(plain) ? plain : undefined;
}
