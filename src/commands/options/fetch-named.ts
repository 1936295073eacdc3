import { ExpectedError } from '../../llava/expected-error.js';
import type { PictureSource } from '../../llava/picture-bytes.js';
import { quote } from '../../llava/quote.js';
import type { CommandContext } from '../command-context.js';
import type { FetchFlags } from './option-groups.js';

/** Pictures that were named, and why some of them cannot be had. */
export interface NamedPictures {
  readonly sources: readonly PictureSource[];
  readonly failures: readonly (readonly [picture: string, error: ExpectedError])[];
}

/**
 * Fetches the addresses among what was named, under the rules of `--allow-urls`; a single one also after a yes on the
 * terminal, which then means its host, be it in the own network.
 * @param found sources, and addresses
 * @throws ExpectedError('input') when the only picture cannot be fetched, and for addresses that are not allowed
 */
export async function fetchNamed(
  found: readonly (PictureSource | string)[],
  flags: FetchFlags,
  context: CommandContext,
): Promise<NamedPictures> {
  const addresses = found.filter((one) => typeof one === 'string');
  const files = found.filter((one) => typeof one !== 'string');
  if (addresses.length === 0) return { sources: files, failures: [] };
  const [address = ''] = addresses;
  const allowed = flags.allowUrls === undefined ? await ask(address, addresses.length, context) : flags;
  const [{ openFetcher }, { RowFailure }, { startProgress }] = await Promise.all([
    import('./open-fetcher.js'),
    import('../../batch/rows/row-error.js'),
    import('../../terminal/progress.js'),
  ]);
  await using fetcher = openFetcher(allowed);
  using progress = startProgress(context.io);
  const sources: PictureSource[] = [];
  const failures: [string, ExpectedError][] = [];
  for (const one of found) {
    if (typeof one !== 'string') {
      sources.push(one);
      continue;
    }
    progress.say(`fetching ${one}`);
    try {
      const bytes = await fetcher?.fetch(one, context.signal);
      if (bytes !== undefined) sources.push({ kind: 'bytes', label: one, bytes });
    } catch (error) {
      if (!(error instanceof RowFailure)) throw error;
      const failure = new ExpectedError('input', error.message, {
        hint: 'Save the picture in a browser and name the file',
        cause: error,
      });
      if (found.length === 1) throw failure;
      failures.push([one, failure]);
    }
  }
  return { sources, failures };
}

/** @throws ExpectedError('input') unless somebody at the terminal says yes to the only address */
async function ask(address: string, count: number, { io, signal }: CommandContext): Promise<FetchFlags> {
  if (count === 1 && io.stdinIsTerminal && io.stderrIsTerminal) {
    const { askYesOrNo } = await import('../../terminal/ask-yes-or-no.js');
    if (await askYesOrNo(`Fetch ${quote(address)}?`, io, signal))
      return { allowUrls: true, allowPrivateHost: [new URL(address).host] };
  }
  throw new ExpectedError('input', `Picture ${quote(address)} is a web address, and those are not allowed.`, {
    hint: 'Add --allow-urls, or save the picture and name the file',
  });
}
