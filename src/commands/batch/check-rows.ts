import { formNamed } from '../../llava/conversations/named.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { checkBatch } from '../../batch/check-batch.js';
import { startProgress } from '../../terminal/progress.js';
import { writeJson } from '../../terminal/io.js';
import type { BatchFlags } from './batch-flags.js';
import { openInput } from './picture-rows.js';
import { pictureRules, rowDefaults } from './row-source.js';
import type { CommandContext } from '../command-context.js';

/** Tokens that LLaVA-1.5 makes of a picture: 24 × 24 patches. */
const IMAGE_TOKENS = 576;

/** Checks every row and picture without weights; the plan is on stdout, what would fail on stderr. */
export async function checkRows(
  input: string,
  flags: BatchFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { io, signal } = context;
  const { rows } = await openInput(input, flags, context);
  await using pictures = pictureRules(flags);
  using progress = startProgress(io);
  progress.say('checking rows and pictures');
  const request = {
    input: rows,
    defaults: rowDefaults(flags),
    tile: flags.tile,
    pictures,
    imageTokens: flags.imageTokens ?? IMAGE_TOKENS,
    systemText: formNamed(flags.conversation ?? 'vicuna_v1').systemText,
  };
  const plan = await checkBatch({ ...request, shard: flags.shard }, signal, ({ line, error }) => {
    io.stderr.write(`line ${line}: ${error.code}: ${error.message}\n`);
  });
  writeJson(io, plan);
  return Object.keys(plan.errors).length === 0 ? EXIT_CODES.ok : EXIT_CODES.someFailed;
}
