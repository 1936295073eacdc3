import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { parseJson } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { isCommit } from '../cache/layout.js';
import type { HubSettings } from '../hub-settings.js';
import { FailedTry, failedAnswer, isPassing } from './failed-try.js';
import { HubSession, type HubAnswer } from './hub-session.js';
import { DEFAULT_PACE, type Pace } from './pace.js';
import { Patience } from './patience.js';

/** A file of a repository as the hub lists it. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** Of a file in Git LFS or Xet. */
  readonly sha256: string | undefined;
  /** Git's own name of what is stored, 40 hex digits: of a small file's bytes, or of an LFS pointer. */
  readonly gitOid: string;
}

export interface ListedRepository {
  /** 40 hex digits. */
  readonly commit: string;
  /** Those at the top, without folders. */
  readonly files: readonly ListedFile[];
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const revisionSchema = v.object({ sha: v.pipe(v.string(), v.check(isCommit)) });
const treeSchema = v.array(
  v.object({
    type: v.string(),
    path: v.string(),
    size: v.optional(size, 0),
    oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/)),
    lfs: v.optional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size })),
  }),
);

/** Answers of the API are lists of names. */
const LONGEST_ANSWER = 1 << 24;
const MOST_PAGES = 50;

/**
 * Asks the hub which commit a revision is, and what files it has at the top.
 * @param repo `owner/name`
 * @throws ExpectedError('weights') when offline, refused or not understood; the signal's reason on abort
 */
export async function listRepository(
  repo: string,
  revision: string,
  settings: HubSettings,
  signal?: AbortSignal,
  pace: Pace = DEFAULT_PACE,
): Promise<ListedRepository> {
  await using session = await HubSession.open(settings, pace);
  const base = `${session.endpoint.href.replace(/\/$/, '')}/api/models/${repo}`;
  const ask = async (url: string) => await askJson(session, url, { repo, revision }, pace, signal);
  const { sha } = read(
    revisionSchema,
    (await ask(`${base}/revision/${encodeURIComponent(revision)}`)).json,
    session,
  );
  const files: ListedFile[] = [];
  let next: string | undefined = `${base}/tree/${sha}`;
  for (let page = 0; next !== undefined && page < MOST_PAGES; page++) {
    const answer: JsonAnswer = await ask(next);
    for (const { type, path, size: bytes, oid, lfs } of read(treeSchema, answer.json, session))
      if (type === 'file') files.push({ path, bytes: lfs?.size ?? bytes, sha256: lfs?.oid, gitOid: oid });
    next = nextPage(answer.link, next);
  }
  return { commit: sha, files };
}

interface JsonAnswer {
  readonly json: unknown;
  /** The header of that name. */
  readonly link: string | undefined;
}

interface Asked {
  readonly repo: string;
  readonly revision: string;
}

async function askJson(
  session: HubSession,
  url: string,
  asked: Asked,
  pace: Pace,
  signal: AbortSignal | undefined,
): Promise<JsonAnswer> {
  const patience = new Patience({ pace, signal });
  try {
    return await patience.run(async () => {
      const answer = await session.ask({ method: 'GET', url: new URL(url), signal, acrossHosts: false });
      if (isPassing(answer.status)) throw failedAnswer(discarded(answer), answer.url.host);
      if (answer.status !== 200) throw refusal(discarded(answer), asked, session.endpoint);
      return { json: parseJson(await readText(answer.body, answer.url.host)), link: answer.headers['link'] };
    });
  } catch (error) {
    if (!(error instanceof FailedTry)) throw error;
    const problem = `The files of ${quote(asked.repo)} could not be listed: ${error.message}.`;
    throw new ExpectedError('weights', problem, { hint: error.hint ?? 'Try again later', cause: error });
  }
}

function discarded(answer: HubAnswer): HubAnswer {
  answer.body.destroy();
  return answer;
}

async function readText(body: Readable, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LONGEST_ANSWER) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new FailedTry(`the connection to ${quote(host)} was cut`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  session: HubSession,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  throw new ExpectedError(
    'weights',
    `${quote(session.endpoint.origin)} does not list repositories as the hub does.`,
    { hint: 'Check HF_ENDPOINT, or download the folder by other means and name it' },
  );
}

/** Of `<address>; rel="next"`; only on the same host. */
function nextPage(link: string | undefined, current: string): string | undefined {
  const address = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (address === undefined || !URL.canParse(address, current)) return undefined;
  const next = new URL(address, current);
  return next.origin === new URL(current).origin ? next.href : undefined;
}

function refusal({ status, headers }: HubAnswer, { repo, revision }: Asked, endpoint: URL): ExpectedError {
  const page = `${endpoint.href.replace(/\/$/, '')}/${repo}`;
  const about = `${quote(repo)} at revision ${quote(revision)}`;
  const code = headers['x-error-code'];
  if (code === 'GatedRepo' || status === 403)
    return new ExpectedError('weights', `The hub withholds ${about} until its licence is accepted.`, {
      hint: `Accept it at ${page}, then set HF_TOKEN to a token of that account`,
    });
  if (status === 401 || status === 404)
    return new ExpectedError('weights', `The hub has no repository ${about}.`, {
      hint: `Look at ${page}; a private repository needs HF_TOKEN`,
    });
  return new ExpectedError('weights', `The hub answered ${status} for ${about}.`, {
    hint: `Look at ${page}; if HF_ENDPOINT is set, try without it`,
  });
}
