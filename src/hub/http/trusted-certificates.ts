import { readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { ExpectedError } from '../../llava/expected-error.js';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';

/** Variables that other programs read certificates of authorities from; all of them hold one file in PEM format. */
const VARIABLES = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];

/** Node 22.15 and later can read the system's own store. */
const { getCACertificates } = tls as {
  readonly getCACertificates?: (store: 'default' | 'system') => readonly string[];
};

/**
 * Certificates of the authorities to trust: Node's own, those of NODE_EXTRA_CA_CERTS, the system's store where Node can read
 * it, and the files that the environment names. Undefined where that is what Node trusts anyway.
 * @throws ExpectedError('weights') for a file that cannot be read
 */
export async function trustedCertificates(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[] | undefined> {
  const named = VARIABLES.filter((variable) => (env[variable] ?? '') !== '');
  const system = getCACertificates?.('system') ?? [];
  if (named.length === 0 && system.length === 0) return undefined;
  const more = getCACertificates === undefined && (env['NODE_EXTRA_CA_CERTS'] ?? '') !== '';
  const variables = more ? [...named, 'NODE_EXTRA_CA_CERTS'] : named;
  const files = await Promise.all(
    variables.map((variable) => readCertificates(variable, env[variable] ?? '')),
  );
  return [...(getCACertificates?.('default') ?? tls.rootCertificates), ...system, ...files];
}

async function readCertificates(variable: string, path: string): Promise<string> {
  const hint = `Set ${variable} to a file of certificates in PEM format, or unset it`;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const problem = `${variable} names ${quote(path)}, which cannot be read: ${fileProblem(error)}.`;
    throw new ExpectedError('weights', problem, { hint, cause: error });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ExpectedError('weights', `${variable} names ${quote(path)}, which holds no certificates.`, {
    hint,
  });
}
