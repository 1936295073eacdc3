import { pictureKeyOf } from '../journal/fingerprint.js';
import type { Journal } from '../journal/journal.js';
import { identityOf } from '../rows/row-answer.js';
import { RowFailure, type RowErrorCode } from '../rows/row-error.js';
import {
  findPicture,
  holdsData,
  isFetched,
  type FoundPicture,
  type NamedPicture,
  type PictureRules,
} from './row-picture.js';

/** Pictures remembered at once, by name. */
const REMEMBERED = 20_000;

/** Refusals depend on the command line alone, so they are not remembered beyond the run. */
const REFUSALS: ReadonlySet<RowErrorCode> = new Set(['url_refused', 'path_refused', 'private_address']);

/**
 * Finds the pictures of rows, each name once: what was found is remembered for the run, and what failed or came from
 * an address in the journal too, so that resuming fetches nothing that is answered.
 */
export class PictureFinder {
  readonly #rules: PictureRules;
  readonly #journal: Journal | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, Promise<FoundPicture>>();

  constructor(rules: PictureRules, journal: Journal | undefined, signal?: AbortSignal) {
    this.#rules = rules;
    this.#journal = journal;
    this.#signal = signal;
  }

  /**
   * @param named as the row names it; of an address, only the first call brings the bytes
   * @throws RowFailure
   */
  async find(named: NamedPicture): Promise<FoundPicture> {
    // Long, and cheaper to look into again than to keep.
    if (holdsData(named)) return await findPicture(named, this.#rules, this.#signal);
    const name = JSON.stringify(named);
    const known = this.#known.get(name);
    if (known !== undefined) return await known;
    const looking = this.#look(named);
    const identity = looking.then(identityOf);
    identity.catch(() => undefined);
    this.#known.set(name, identity);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return await looking;
  }

  async #look(named: NamedPicture): Promise<FoundPicture> {
    const key = pictureKeyOf(named, this.#rules);
    const entry = await this.#journal?.find(key);
    if (entry !== undefined && 'picture' in entry) return entry.picture;
    if (entry !== undefined && 'error' in entry) throw new RowFailure(entry.error.code, entry.error.message);
    try {
      const found = await findPicture(named, this.#rules, this.#signal);
      if (isFetched(named)) await this.#journal?.append({ key, picture: identityOf(found) });
      return found;
    } catch (error) {
      if (error instanceof RowFailure && !REFUSALS.has(error.code))
        await this.#journal?.append({ key, error: error.error });
      throw error;
    }
  }
}
