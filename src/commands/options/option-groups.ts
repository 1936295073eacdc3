import type { Sampling } from '../../engine/engine.js';
import { Option, type Command } from 'commander';
import { DEVICE_CHOICES } from '../../engine/devices/device-kind.js';
import { KV_TYPES } from '../../engine/local/loading/placement.js';
import { collect, decimalNumber, layerCount, wholeNumber } from './option-parsers.js';

/** How answer tokens are chosen. */
export interface SamplingFlags {
  readonly temperature: number;
  readonly topP: number;
  readonly seed?: number;
  readonly maxTokens: number;
}

/** How pictures are read. */
export interface PictureFlags {
  readonly exif: boolean;
}

export function addWeightOptions(command: Command): Command {
  return command
    .addOption(new Option('-m, --model <name>', 'a model of the catalogue').conflicts(['gguf', 'mmproj']))
    .option('--gguf <file>', 'the language model of a pair of your own, with --mmproj; or the folder of both')
    .option('--mmproj <file>', 'the vision tower and projector of that pair')
    .option('--lora <file>', 'a LoRA adapter to the language model, as GGUF; once for each', collect);
}

export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--device <device>', 'what computes; default: the best that is here').choices(
        DEVICE_CHOICES,
      ),
    )
    .option('--gpu-layers <n>', 'layers of the language model on the GPU, or all', layerCount)
    .option('--threads <n>', 'threads of the CPU; default: its cores', wholeNumber(1, 1024))
    .option('--context <tokens>', 'room for picture, words and answer', wholeNumber(64, 1_048_576))
    .addOption(new Option('--kv-type <type>', 'number format of the KV cache').choices(KV_TYPES))
    .option(
      '--image-tokens <n>',
      'keep only so many patches of a picture: faster, less exact',
      wholeNumber(1, 65_536),
    );
}

export function addCacheOptions(command: Command): Command {
  return command
    .option('--cache [folder]', 'keep image features on disk, so that a picture is encoded once')
    .option('--cache-prefixes', 'keep evaluated pictures as well: much faster, 0.3 GB a picture of 7B')
    .option('--cache-size <gigabytes>', 'most that the cache takes', decimalNumber(0, 1e6), 4);
}

export function addSamplingOptions(command: Command): Command {
  return command
    .option('--temperature <t>', 'from 0, the most likely words, to 2', decimalNumber(0, 2), 0)
    .option('--top-p <p>', 'share of probability that sampling draws from', decimalNumber(0, 1, false), 1)
    .option('--seed <n>', 'makes sampled answers repeatable', wholeNumber(0, 2 ** 32 - 1))
    .option('--max-tokens <n>', 'longest answer, in tokens', wholeNumber(1, 1_000_000), 512);
}

export function addPictureOptions(command: Command): Command {
  return command.option('--no-exif', 'do not turn pictures upright (the reference does not)');
}

/** The result for programs. */
export interface JsonFlag {
  readonly json?: boolean;
}

/** The flags' sampling, for an engine. */
export function samplingOf({ temperature, topP, seed, maxTokens }: SamplingFlags): Sampling {
  return { temperature, topP, seed, maxTokens };
}
