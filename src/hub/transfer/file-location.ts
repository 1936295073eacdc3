import { ExpectedError } from '../../llava/expected-error.js';
import type { HubFile } from '../hub-file.js';
import { askForFile, bytesOf } from '../http/ask-hub.js';
import type { HubSession } from '../http/hub-session.js';
import { nameOfFile } from '../http/refusal.js';

/** Where a file's bytes are, behind a signed address that expires: asked for once, shared by all connections. */
export class FileLocation {
  readonly #resolve: () => Promise<URL>;
  #url: Promise<URL> | undefined;
  #known: URL | undefined;

  constructor(session: HubSession, file: HubFile, commit: string, bytes: number, signal: AbortSignal) {
    this.#resolve = async () => {
      const answer = await askForFile(session, file, commit, signal);
      const actual = bytesOf(answer);
      if (actual !== undefined && actual !== bytes)
        throw new ExpectedError(
          'weights',
          `${nameOfFile(file)} is ${actual} bytes at the hub, not ${bytes}.`,
          {
            hint: 'Pull it again; if HF_ENDPOINT is set, try without it',
          },
        );
      return answer.location ?? answer.url;
    };
  }

  /** The address, asked of the hub where it is not known. */
  async get(): Promise<URL> {
    this.#url ??= this.#resolve();
    const asked = this.#url;
    try {
      this.#known = await asked;
      return this.#known;
    } catch (error) {
      if (this.#url === asked) this.#url = undefined;
      throw error;
    }
  }

  /** `url` is no longer any use; a newer one that another connection has asked for stays. */
  forget(url: URL): void {
    if (this.#known !== url) return;
    this.#known = undefined;
    this.#url = undefined;
  }
}
