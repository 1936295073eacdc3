import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addFetchOptions,
  addSamplingOptions,
  addWeightOptions,
} from '../options/option-groups.js';
import { collect, decimalNumber, duration, wholeNumber } from '../options/option-parsers.js';
import type { ServeFlags } from './serve-flags.js';

const EXAMPLES = `
Examples:
  llava serve --model 7b
  llava serve --port 8080 --idle 30m
  llava serve --socket /run/llava.sock
  llava serve --host 0.0.0.0 --api-key-file key.txt
`;

/** `llava serve`: answers over HTTP, as OpenAI's API does. */
export function addServeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('serve')
    .description('answer over HTTP, as OpenAI’s API does; the weights stay loaded')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes any that is free', wholeNumber(0, 65_535), 8080)
    .addOption(
      new Option('--socket <path>', 'listen on a UNIX socket or named pipe instead').conflicts([
        'host',
        'port',
      ]),
    )
    .option('--api-key-file <file>', 'answer only those who send this key; needed beyond this machine')
    .option('--allow-host <host>', 'another name that requests may use; repeatable', collect)
    .option('--cors-origin <origin>', 'a web page’s origin that may ask; repeatable', collect);
  addFetchOptions(command)
    .option(
      '--parallel <n>',
      'questions at once; default: what fits, up to 8 on a GPU, 1 on a CPU',
      wholeNumber(1, 64),
    )
    .option('--queue <n>', 'requests that wait or run at most', wholeNumber(1, 100_000), 64)
    .option('--idle <time>', 'let go of the weights when unused for that long, such as 30m', duration)
    .option('--grace <time>', 'time for running requests when the server ends', duration, 10_000)
    .option('--max-body <megabytes>', 'largest body of a request', decimalNumber(0.001, 150), 32);
  addWeightOptions(command);
  addDeviceOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  command.addHelpText('after', EXAMPLES).action(async (flags: ServeFlags) => {
    const { runServer } = await import('./run-server.js');
    await runServer(flags, context);
  });
}
