import { writeWholeFile } from '../../files/write-whole-file.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { encodeNpy } from '../../llava/npy.js';
import type { EngineWishes } from '../../opening/engine-opening.js';
import { findWeights, type WeightChoice } from '../../opening/find-weights.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import { pictureWishes, type PartFlags, type PictureFlags } from '../options/picture-options.js';
import { pictureSources } from '../options/picture-sources.js';

export interface FeaturesFlags extends WeightChoice, EngineWishes, PictureFlags, PartFlags {
  readonly output: string;
}

/** Encodes one picture and writes its features; an existing file is replaced only when all went well. */
export async function writeFeatures(
  path: string,
  flags: FeaturesFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  if (flags.output === '-' && io.stdoutIsTerminal)
    throw new ExpectedError('usage', 'The features are binary, and stdout is a terminal.', {
      hint: `llava features ${path} -o features.npy`,
    });
  const { sources } = await pictureSources([path], {}, context);
  const [source, ...more] = sources;
  if (source === undefined || more.length > 0)
    throw new ExpectedError(
      'usage',
      `${quote(path)} names ${sources.length} pictures, and features are of one.`,
      {
        hint: 'Name one picture in it',
      },
    );
  const host = openingHost(context);
  const weights = await findWeights(flags, host);
  const { EngineOpening } = await import('../../opening/engine-opening.js');
  await using opening = new EngineOpening(weights, flags, host);
  const { loadPixels } = await import('../../llava/pixels.js');
  const { imageSize } = await opening.pair;
  const pixels = await loadPixels(
    { ...source, part: flags.frame ?? flags.page },
    { imageSize, ...pictureWishes(flags) },
  );
  await using engine = await opening.open();
  const { values, tokens, width } = await engine.features(pixels, signal);
  const file = encodeNpy(values, [tokens, width]);
  if (flags.output === '-') io.stdout.write(file);
  else await writeWholeFile(flags.output, file);
}
