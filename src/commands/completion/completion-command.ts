import { Argument, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { SHELLS, type Shell } from './shells.js';

const EXAMPLES = `
To have it in every new shell:
  bash        echo 'source <(llava completion bash)' >> ~/.bashrc
  zsh         echo 'source <(llava completion zsh)' >> ~/.zshrc      after compinit
  fish        llava completion fish > ~/.config/fish/completions/llava.fish
  PowerShell  Add-Content $PROFILE 'llava completion powershell | Out-String | Invoke-Expression'
`;

/** `llava completion`, and `llava complete`, which its scripts ask whenever Tab is pressed. */
export function addCompletionCommands(program: Command, { io }: CommandContext): void {
  program
    .command('completion')
    .description('print a script that teaches your shell to complete llava’s commands')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: Shell) => {
      const { printScript } = await import('./completion-script.js');
      printScript(shell, io);
    });
  program
    .command('complete', { hidden: true })
    .argument('[word...]', 'what stands between llava and the cursor')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('./complete.js');
      io.stdout.write(await complete(words, program, io.env));
    });
}
