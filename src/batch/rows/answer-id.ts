import { createHash } from 'node:crypto';

/** The alphabet of Python's shortuuid, which the authors' answer files use. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const LENGTH = 22;

/** An id in the form of a shortuuid: the same for the same answer on the same line, so that resuming keeps it. */
export function answerId(fingerprint: string, line: number): string {
  const digest = createHash('sha256').update(`${fingerprint}:${line}`).digest('hex').slice(0, 32);
  let rest = BigInt(`0x${digest}`);
  let id = '';
  for (let i = 0; i < LENGTH; i++) {
    id += ALPHABET.charAt(Number(rest % BigInt(ALPHABET.length)));
    rest /= BigInt(ALPHABET.length);
  }
  return id;
}
