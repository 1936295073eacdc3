import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Io } from '../../terminal/io.js';
import { fileProblem } from '../../llava/file-problem.js';

/** Options that the environment and the config file may set, by their long names. */
export const SETTINGS: readonly string[] = [
  'model',
  'conversation',
  'device',
  'gpu-layers',
  'threads',
  'context',
  'kv-type',
  'image-tokens',
  'parallel',
  'shards',
  'keep',
  'server',
  'server-model',
  'server-key-file',
  'server-image-size',
  'server-timeout',
  'server-wait',
  'cache',
  'cache-size',
  'temperature',
  'top-p',
  'seed',
  'max-tokens',
];

/** A value from outside the command line, and where it stood. */
interface Setting {
  readonly value: string;
  /** Such as `LLAVA_DEVICE` or `"device" in /home/me/.config/llava/config.json`. */
  readonly place: string;
  readonly source: 'env' | 'config';
}

/**
 * Fills in the options that the command line leaves out: from `LLAVA_…`, then from the config file.
 * @throws ExpectedError('usage') that names the place of a value that does not fit
 */
export async function applySettings(command: Command, io: Io): Promise<void> {
  const options = command.options.filter((option) => SETTINGS.includes(nameOf(option)));
  if (options.length === 0) return;
  const config = await readConfig(io);
  for (const option of options) {
    const given = command.getOptionValueSource(option.attributeName());
    if (given !== undefined && given !== 'default') continue;
    const setting = findSetting(nameOf(option), io, config);
    if (setting !== undefined)
      command.setOptionValueWithSource(option.attributeName(), parse(option, setting), setting.source);
  }
}

/** The environment's name of a setting: `gpu-layers` → `LLAVA_GPU_LAYERS`. */
export function environmentName(setting: string): string {
  return `LLAVA_${setting.toUpperCase().replaceAll('-', '_')}`;
}

/** `$LLAVA_CONFIG`, or `config.json` where this platform keeps settings. */
export async function configPath(io: Io): Promise<string> {
  if (io.env['LLAVA_CONFIG'] !== undefined) return io.env['LLAVA_CONFIG'];
  const { default: envPaths } = await import('env-paths');
  return join(envPaths('llava', { suffix: '' }).config, 'config.json');
}

interface Config {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

/** A missing file is an empty one, unless `LLAVA_CONFIG` names it. */
async function readConfig(io: Io): Promise<Config> {
  const path = await configPath(io);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && io.env['LLAVA_CONFIG'] === undefined) return { path, values: new Map() };
    throw badConfig(path, `cannot be read: ${fileProblem(error)}`, error);
  }
  return { path, values: parseConfig(path, content) };
}

function parseConfig(path: string, content: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw badConfig(path, `is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw badConfig(path, 'is not a JSON object');
  return new Map(Object.entries(parsed).map(([name, value]) => [name, checkEntry(path, name, value)]));
}

function checkEntry(path: string, name: string, value: unknown): string {
  if (!SETTINGS.includes(name)) throw badConfig(path, `has ${quote(name)}, which is not a setting`);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw badConfig(path, `has ${JSON.stringify(value)} for ${quote(name)}; it takes text or a number`);
}

function badConfig(path: string, problem: string, cause?: unknown): ExpectedError {
  return new ExpectedError('usage', `The config file ${quote(path)} ${problem}.`, {
    hint: `Settings: ${SETTINGS.join(', ')}`,
    cause,
  });
}

function findSetting(name: string, io: Io, config: Config): Setting | undefined {
  const variable = environmentName(name);
  const fromEnvironment = io.env[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return { value: fromEnvironment, place: variable, source: 'env' };
  const value = config.values.get(name);
  return value === undefined
    ? undefined
    : { value, place: `${quote(name)} in ${quote(config.path)}`, source: 'config' };
}

function parse(option: Option, { value, place }: Setting): unknown {
  if (option.parseArg === undefined) return value;
  try {
    return option.parseArg<unknown>(value, undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new ExpectedError('usage', `${place} is ${quote(value)}: ${error.message}`, {
      hint: `--${nameOf(option)} on the command line wins over it`,
    });
  }
}

function nameOf(option: Option): string {
  return option.long?.slice(2) ?? '';
}
