import { ExpectedError } from '../../llava/expected-error.js';
import type { PictureSource } from '../../llava/picture-bytes.js';
import { isRange, type PartChoice, type PartRange } from '../../llava/picture-part.js';

/**
 * The frames or pages that are asked about, each as a picture of its own. A file that cannot be read is left as it is:
 * its failure is told when its turn comes.
 */
export async function chooseParts(
  sources: readonly PictureSource[],
  choice: PartChoice | undefined,
): Promise<readonly PictureSource[]> {
  if (choice === undefined) return sources;
  if (!isRange(choice)) return sources.map((source) => ({ ...source, part: choice }));
  const chosen: PictureSource[] = [];
  for (const source of sources) chosen.push(...(await partsOf(source, choice)));
  return chosen;
}

async function partsOf(
  source: PictureSource,
  { unit, from, to }: PartRange,
): Promise<readonly PictureSource[]> {
  const { countParts } = await import('../../llava/picture.js');
  try {
    const count = await countParts(source, unit);
    if (count === 1 && from === 1) return [source];
    const last = Math.max(Math.min(to, count), from);
    return Array.from({ length: last - from + 1 }, (_, index) => ({
      ...source,
      part: { unit, at: from + index },
    }));
  } catch (error) {
    if (error instanceof ExpectedError) return [source];
    throw error;
  }
}
