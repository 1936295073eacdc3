import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { JsonFlag } from '../options/option-groups.js';

/** `llava models`: what can be asked, what is here, and how to get it; `llava pull` in short. */
export function addModelsCommand(program: Command, context: CommandContext): void {
  const models = program.command('models').description('download and manage weights');
  models
    .command('list')
    .description('list the catalogue: size, speed, published scores, what is downloaded, memory, licence')
    .option('--json', 'one JSON array')
    .action(async (flags: JsonFlag) => {
      const { listWeights } = await import('./list-weights.js');
      await listWeights(flags, context);
    });
  addPullCommand(models, context);
  models
    .command('rm')
    .description('remove a model’s files from the cache')
    .argument('<name>', 'a model of the catalogue')
    .option('--json', 'one JSON object')
    .action(async (name: string, flags: JsonFlag) => {
      const { removeWeights } = await import('./remove-weights.js');
      await removeWeights(name, flags, context);
    });
  models
    .command('verify')
    .description('hash the files again and compare them with the published hashes')
    .argument('[name...]', 'models of the catalogue; default: all that are here')
    .option('--json', 'one JSON array')
    .action(async (names: readonly string[], flags: JsonFlag) => {
      const { verifyWeights } = await import('./verify-weights.js');
      context.finish(await verifyWeights(names, flags, context));
    });
  models
    .command('path')
    .description('print the paths of a model’s language model and mmproj')
    .argument('[name]', 'a model of the catalogue; default: the default one')
    .option('--json', 'one JSON object')
    .action(async (name: string | undefined, flags: JsonFlag) => {
      const { printPaths } = await import('./print-paths.js');
      await printPaths(name, flags, context);
    });
  models
    .command('info')
    .description('show the headers of a model, a GGUF file or a folder')
    .argument('[name|file|folder...]', 'default: the default model')
    .option('--json', 'one JSON object')
    .action(async (names: readonly string[], flags: JsonFlag) => {
      const { printInfo } = await import('./print-info.js');
      await printInfo(names, flags, context);
    });
  addPullCommand(program, context);
}

function addPullCommand(parent: Command, context: CommandContext): void {
  parent
    .command('pull')
    .description('download a model, resuming an earlier download')
    .argument('[name]', 'a model of the catalogue, such as 7b; default: the default model')
    .option('--json', 'one JSON object when it is done')
    .action(async (name: string | undefined, flags: JsonFlag) => {
      const { pullWeights } = await import('./pull-weights.js');
      await pullWeights(name, flags, context);
    });
}
