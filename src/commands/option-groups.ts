import { Option, type Command } from 'commander';
import { DEVICE_CHOICES, type DeviceChoice } from '../engine/device-kind.js';
import { KV_TYPES, type KvType } from '../engine/placement.js';
import { RESPONSE_FORMATS, type ResponseFormat } from '../llava/response-format.js';
import { collect, decimalNumber, layerCount, wholeNumber } from './option-parsers.js';

/** Which weights to use. */
export interface WeightFlags {
  readonly model?: string;
  readonly gguf?: string;
  readonly mmproj?: string;
  readonly lora?: readonly string[];
}

/** Where the weights compute, and how much room they get. */
export interface DeviceFlags {
  readonly device?: DeviceChoice;
  readonly gpuLayers?: number | 'all';
  readonly threads?: number;
  readonly context?: number;
  readonly kvType?: KvType;
  readonly imageTokens?: number;
}

/** How answer tokens are chosen. */
export interface SamplingFlags {
  readonly temperature: number;
  readonly topP: number;
  readonly seed?: number;
  readonly maxTokens: number;
}

/** How the question is put. */
export interface QuestionFlags {
  readonly format?: ResponseFormat;
  readonly choice?: readonly string[];
  readonly ocr?: string;
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

/** What is kept on disk between runs. */
export interface CacheFlags {
  /** A folder; `true` stands for the platform's own. */
  readonly cache?: string | true;
  readonly cachePrefixes?: boolean;
  readonly cacheSize?: number;
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

export function addQuestionOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-f, --format <format>', 'what kind of answer').choices(Object.keys(RESPONSE_FORMATS)),
    )
    .option('--choice <text>', 'an option of a letter question; give one for each', collect)
    .option('--ocr <words>', 'words read in the picture, separated by commas, as a hint');
}

export function addPictureOptions(command: Command): Command {
  return command.option('--no-exif', 'do not turn pictures upright (the reference does not)');
}
