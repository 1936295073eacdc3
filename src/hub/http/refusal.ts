import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../hub-file.js';
import { FailedTry } from './failed-try.js';
import type { HttpAnswer } from './http-client.js';

/** The error for the last of several tries; any other error stays as it is. */
export function gaveUp(file: HubFile, error: unknown): unknown {
  if (!(error instanceof FailedTry)) return error;
  return new ExpectedError('weights', `${nameOfFile(file)} could not be downloaded: ${error.message}.`, {
    hint: error.hint ?? 'Try again later: what was downloaded is kept',
    cause: error,
  });
}

/** The error for an answer of the hub that no further try will better. */
export function refusal(
  file: HubFile,
  revision: string,
  { status, headers }: HttpAnswer,
  endpoint: URL,
): ExpectedError {
  const code = headers['x-error-code'];
  const page = `${endpoint.href.replace(/\/$/, '')}/${file.repo}`;
  const about = `${nameOfFile(file)} at revision ${quote(revision)}`;
  if (code === 'GatedRepo' || status === 403)
    return new ExpectedError('weights', `The hub withholds ${about} until its licence is accepted.`, {
      hint: `Accept it at ${page}, then set HF_TOKEN to a token of that account`,
    });
  if (status === 404 || code === 'RepoNotFound')
    return new ExpectedError('weights', `The hub has no ${about}${missingThing(code)}.`, {
      hint: `Look at ${page}; a private repository needs HF_TOKEN`,
    });
  if (status === 401)
    return new ExpectedError('weights', `The hub requires a token for ${about}.`, {
      hint: `Set HF_TOKEN to a valid token of an account that may see ${page}`,
    });
  return new ExpectedError('weights', `The hub answered ${status} for ${about}.`, {
    hint: `Look at ${page}; if HF_ENDPOINT is set, try without it`,
  });
}

/** `"owner/name/path"`. */
export function nameOfFile(file: HubFile): string {
  return quote(`${file.repo}/${file.path}`);
}

function missingThing(code: string | undefined): string {
  if (code === 'RepoNotFound') return ': no such repository';
  if (code === 'RevisionNotFound') return ': no such revision';
  if (code === 'EntryNotFound') return ': no such file';
  return '';
}
