import { Command, CommanderError } from 'commander';
import { addAskCommand } from './commands/ask/ask-command.js';
import type { CommandContext } from './commands/command-context.js';
import { addChatCommand } from './commands/chat/chat-command.js';
import { addBatchCommand } from './commands/batch/batch-command.js';
import { addBenchCommand } from './commands/bench/bench-command.js';
import { addConvertCommand } from './commands/convert/convert-command.js';
import { addCompletionCommands } from './commands/completion/completion-command.js';
import { addDoctorCommand } from './commands/doctor/doctor-command.js';
import { addEvalCommand } from './commands/eval/eval-command.js';
import { addFeaturesCommand } from './commands/features/features-command.js';
import { addHelpCommand } from './commands/help/help-command.js';
import { addKeptCommands } from './commands/kept/kept-commands.js';
import { addServeCommand } from './commands/serve/serve-command.js';
import { addMcpCommand } from './commands/mcp/mcp-command.js';
import { addModelsCommand } from './commands/models/models-command.js';
import { describeVersions } from './engine/local/runtime/release.js';
import { EXIT_CODES, exitCodeOf, type ExitCode } from './exit-codes.js';
import { ExpectedError } from './llava/expected-error.js';
import { systemFailure } from './llava/file-problem.js';
import type { Io } from './terminal/io.js';
import { reportError } from './terminal/report-error.js';

/**
 * Parses the arguments, runs the command and answers with the exit code.
 * Every way of failing ends here: nothing below writes errors or exits.
 */
export async function runProgram(
  argv: readonly string[],
  io: Io,
  signal: AbortSignal,
  allowToEnd: CommandContext['allowToEnd'],
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.ok;
  const finish = (code: ExitCode) => {
    exitCode = code;
  };
  const program = makeProgram({ io, signal, finish, allowToEnd });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // commander has written its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    if (signal.aborted) return EXIT_CODES.interrupted;
    return reportFailure(io, error);
  }
}

/** Tells what ended the work, and how the process ends for it. */
export function reportFailure(io: Io, error: unknown): ExitCode {
  const told = systemFailure(error) ?? missingDecoder(error) ?? error;
  reportError(io, told);
  return told instanceof ExpectedError ? exitCodeOf(told.kind) : EXIT_CODES.failed;
}

/** sharp cannot be loaded: its binaries come as optional packages, which not every platform has and npm may leave out. */
function missingDecoder(error: unknown): ExpectedError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith('Could not load the "sharp" module'))
    return undefined;
  return new ExpectedError(
    'engine',
    `sharp, which decodes pictures, has no binary for ${process.platform}-${process.arch} that runs here.`,
    { hint: 'npm install --include=optional, or see https://sharp.pixelplumbing.com/install', cause: error },
  );
}

function makeProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('llava')
    .description('LLaVA-1.5 in your terminal: ask questions about pictures, offline.')
    .version(describeVersions(), '-V, --version', 'the versions of llava, node-llama-cpp and llama.cpp')
    .exitOverride()
    .showHelpAfterError('(see llava --help)')
    .hook('preAction', async (_, command) => {
      const { applySettings } = await import('./commands/options/settings.js');
      await applySettings(command, io);
    })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addAskCommand(program, context);
  addChatCommand(program, context);
  addBatchCommand(program, context);
  addFeaturesCommand(program, context);
  addEvalCommand(program, context);
  addModelsCommand(program, context);
  addConvertCommand(program, context);
  addServeCommand(program, context);
  addKeptCommands(program, context);
  addMcpCommand(program, context);
  addDoctorCommand(program, context);
  addBenchCommand(program, context);
  addCompletionCommands(program, context);
  addHelpCommand(program, context);
  return program;
}
