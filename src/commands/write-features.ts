import { encodeNpy } from '../llava/npy.js';
import { ExpectedError } from '../llava/expected-error.js';
import { writeWholeFile } from '../files/write-whole-file.js';
import type { CommandContext } from './command-context.js';
import type { FeaturesFlags } from './features.js';
import { checkPair } from '../weights/check/check-pair.js';
import { chooseWeights } from './choose-weights.js';
import { openEngine, startEngine } from './open-weights.js';
import { pictureSources } from './picture-sources.js';

/** Encodes one picture and writes its features; an existing file is replaced only when all went well. */
export async function writeFeatures(
  path: string,
  flags: FeaturesFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  if (flags.output === '-' && io.stdoutIsTerminal)
    throw new ExpectedError('usage', 'The features are binary and stdout is the terminal.', {
      hint: `llava features ${path} -o features.npy`,
    });
  const [source] = await pictureSources([path], io);
  if (source === undefined) return;
  const weights = await chooseWeights(flags, context);
  await using starting = await startEngine(weights, flags, context);
  const { loadPixels } = await import('../llava/pixels.js');
  const pair = await checkPair(weights.model, weights.mmproj);
  const pixels = await loadPixels(source, { imageSize: pair.imageSize, exif: flags.exif });
  await using engine = await openEngine(starting, weights, pair, flags, context);
  const { values, tokens, width } = await engine.encode(pixels, signal);
  const file = encodeNpy(values, [tokens, width]);
  if (flags.output === '-') io.stdout.write(file);
  else await writeWholeFile(flags.output, file);
}
