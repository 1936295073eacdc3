import type { Sampling } from '../../engine/engine.js';
import { Option, type Command } from 'commander';
import { DEVICE_CHOICES } from '../../engine/devices/device-kind.js';
import { FORM_NAMES } from '../../llava/conversations/named.js';
import { KV_TYPES } from '../../engine/local/loading/placement.js';
import { collect, durationOrNone, decimalNumber, layerCount, wholeNumber } from './option-parsers.js';

/** How long an answer may be. */
export interface LengthFlag {
  readonly maxTokens: number;
}

/** How answer tokens are chosen. */
export interface SamplingFlags extends LengthFlag {
  readonly temperature: number;
  readonly topP: number;
  readonly seed?: number;
}

/** Which pictures may be fetched. */
export interface FetchFlags {
  /** `true` without hosts. */
  readonly allowUrls?: true | readonly string[];
  readonly allowPrivateHost?: readonly string[];
}

export function addWeightOptions(command: Command): Command {
  return command
    .addOption(new Option('-m, --model <name>', 'a model of the catalogue').conflicts(['gguf', 'mmproj']))
    .option('--gguf <file>', 'your own language model, with --mmproj; or a folder with both')
    .option('--mmproj <file>', 'its vision tower and projector')
    .option('--lora <file>', 'a LoRA adapter for the language model, as GGUF; repeatable', collect)
    .addOption(
      new Option(
        '--conversation <form>',
        'how the model was trained to talk; default: what the catalogue or the file says',
      ).choices(FORM_NAMES),
    );
}

export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--device <device>', 'device to run on; default: the best one found').choices(
        DEVICE_CHOICES,
      ),
    )
    .option('--gpu-layers <n>', 'layers of the language model on the GPU, or "all"', layerCount)
    .option('--threads <n>', 'CPU threads; default: its cores', wholeNumber(1, 1024))
    .option(
      '--context <tokens>',
      'context size in tokens: picture, words and answer',
      wholeNumber(64, 1_048_576),
    )
    .addOption(new Option('--kv-type <type>', 'number format of the KV cache').choices(KV_TYPES))
    .option(
      '--image-tokens <n>',
      'keep only n patches of a picture: faster, less accurate',
      wholeNumber(1, 65_536),
    );
}

export function addKeepOption(command: Command): Command {
  return command.option(
    '--keep <time>',
    'keep the weights loaded after this, such as 10m, for later commands; 0 uses none that is kept',
    durationOrNone,
  );
}

export function addCacheOptions(command: Command): Command {
  return command
    .option('--cache [folder]', 'keep image features on disk, so that each picture is encoded once')
    .option('--cache-prefixes', 'also keep evaluated pictures: much faster, 0.3 GB per picture with 7B')
    .option('--cache-size <gigabytes>', 'size limit of the cache', decimalNumber(0, 1e6), 4);
}

export function addSamplingOptions(command: Command): Command {
  const sampled = command
    .option(
      '--temperature <t>',
      '0 picks the most likely words; higher, up to 2, varies more',
      decimalNumber(0, 2),
      0,
    )
    .option('--top-p <p>', 'share of the probability mass to sample from', decimalNumber(0, 1, false), 1)
    .option('--seed <n>', 'make sampled answers repeatable', wholeNumber(0, 2 ** 32 - 1));
  return addLengthOption(sampled);
}

export function addLengthOption(command: Command): Command {
  return command.option('--max-tokens <n>', 'limit on the answer, in tokens', wholeNumber(1, 1_000_000), 512);
}

export function addFetchOptions(command: Command): Command {
  return command
    .option('--allow-urls [host...]', 'fetch pictures from the web, or only from these hosts')
    .option('--allow-private-host <host>', 'a host allowed in a private network; repeatable', collect);
}

/** Ways to name pictures beside their paths. */
export function addNamingOptions(command: Command): Command {
  return command
    .option('--recursive', 'take the pictures of folders in folders as well')
    .option('--files-from <file>', 'take the pictures that a file names, one a line; - is stdin')
    .option('-0, --null', 'with --files-from: names end with null characters, as find -print0 writes them')
    .option('--clipboard', 'take the picture on the clipboard');
}

export function addTileOption(command: Command): Command {
  return command.option(
    '--tile',
    'put all pictures on one sheet, side by side and numbered, and ask about that',
  );
}

/** The result for programs. */
export interface JsonFlag {
  readonly json?: boolean;
}

/** The flags' sampling, for an engine. */
export function samplingOf({ temperature, topP, seed, maxTokens }: SamplingFlags): Sampling {
  return { temperature, topP, seed, maxTokens };
}
