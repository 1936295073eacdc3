import type { Command } from 'commander';
import { ExpectedError } from '../../llava/expected-error.js';
import { parseServerAddress } from '../../remote/server-address.js';
import { duration, wholeNumber } from './option-parsers.js';

/** Options that are about an engine here; `--verify` may ask one beside the servers. */
const OF_ENGINE_HERE = [
  'model',
  'gguf',
  'mmproj',
  'lora',
  'device',
  'gpuLayers',
  'threads',
  'context',
  'kvType',
  'keep',
  'cache',
  'cachePrefixes',
] as const;

/** The options of a command whose engine may be elsewhere. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--server <url>', 'ask a server instead, such as vLLM or llava serve; repeatable', collectServers)
    .option('--server-model <name>', 'the model to ask for, where a server has several')
    .option('--server-key-file <file>', 'a file with the key that the servers want')
    .option(
      '--server-image-size <pixels>',
      'side of the square that the model sees; default: 336, or what the server tells',
      wholeNumber(14, 4096),
    )
    .option('--server-timeout <time>', 'limit on one answer, such as 90s; default: 5m', duration)
    .option(
      '--server-wait <time>',
      'how long to wait for servers when none answers; default: 10m, and 30s outside batches',
      duration,
    )
    .option('--any-prompt', 'use a server although it does not ask as LLaVA-1.5 was trained to be asked')
    .hook('preAction', (_, acting) => {
      checkServerOptions(acting);
    });
}

function collectServers(value: string, before: readonly string[] | undefined): readonly string[] {
  // Settings give several in one text.
  const addresses = value.split(/[\s,]+/).filter((part) => part !== '');
  // Not as commander's error, which would repeat the value: it may hold a password.
  return [...(before ?? []), ...addresses.map(parseServerAddress)];
}

/** Options that say nothing without a server. */
const OF_SERVERS = ['verify', 'anyPrompt'] as const;

/**
 * What the command line says wins over settings: one that names an engine here wins over servers in the settings.
 * @throws ExpectedError('usage') when the command line itself names both, or asks of servers where none is named
 */
function checkServerOptions(command: Command): void {
  const source = command.getOptionValueSource('server');
  if (source === undefined) {
    const [alone] = OF_SERVERS.filter((name) => command.getOptionValueSource(name) === 'cli');
    if (alone === undefined) return;
    throw new ExpectedError('usage', `${longNameOf(command, alone)} is about servers, and none is named.`, {
      hint: 'Name one with --server URL',
    });
  }
  const here = OF_ENGINE_HERE.filter((name) => command.getOptionValueSource(name) === 'cli');
  const [first] = here;
  if (first === undefined || command.getOptionValue('verify') !== undefined) return;
  if (source !== 'cli') {
    command.setOptionValueWithSource('server', undefined, source);
    return;
  }
  throw new ExpectedError(
    'usage',
    `${longNameOf(command, first)} is about an engine here, and --server asks one elsewhere.`,
    { hint: 'Leave one of the two out' },
  );
}

function longNameOf(command: Command, name: string): string {
  return command.options.find((option) => option.attributeName() === name)?.long ?? name;
}
