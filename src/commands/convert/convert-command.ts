import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { wholeNumber } from '../options/option-parsers.js';
import type { ConvertFlags } from './run-convert.js';

/** `llava convert`: an original checkpoint → the GGUF files that llava and llama.cpp read. */
export function addConvertCommand(program: Command, context: CommandContext): void {
  program
    .command('convert')
    .description('convert an original checkpoint or a LoRA of LLaVA-1.5 to GGUF')
    .argument('<folder>', 'a checkpoint’s folder, or its name on the hub, such as llava-hf/llava-1.5-7b-hf')
    .requiredOption('-o, --output <folder>', 'the folder to write the files into')
    .option(
      '--type <type>',
      'number format of the language model, such as q4_k_m; default: q4_k_m, of a LoRA f32',
    )
    .addOption(
      new Option('--mmproj-type <type>', 'number format of vision tower and projector')
        .choices(['f16', 'q8_0', 'f32'])
        .default('f16'),
    )
    .option('--tower <folder>', 'the vision tower: a folder, a name on the hub, or an mmproj file')
    .option('--base <folder>', 'what a LoRA belongs to: a folder, a name on the hub, or a GGUF file')
    .option('--imatrix <file>', 'which columns matter, as llama.cpp’s llama-imatrix writes it')
    .option('--threads <n>', 'CPU threads that quantise; default: its cores', wholeNumber(1, 512))
    .option('--force', 'replace files that are there')
    .option('--json', 'one JSON object when it is done')
    .action(async (source: string, flags: ConvertFlags) => {
      const { runConvert } = await import('./run-convert.js');
      await runConvert(source, flags, context);
    });
}
