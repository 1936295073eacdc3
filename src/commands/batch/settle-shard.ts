import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { partName } from '../../batch/shards/part-name.js';
import { scheduledShard } from '../../batch/shards/scheduled-shard.js';
import type { Io } from '../../terminal/io.js';
import type { BatchFlags, GivenBatchFlags } from './batch-flags.js';

/**
 * Flags with the shard that the scheduler gave to this process. All tasks share a command line, so that output and
 * journal get the shard's number into their names.
 * @throws ExpectedError('usage') when the scheduler does not say which shard of how many
 */
export function settleShard({ shard, shards, ...flags }: GivenBatchFlags, io: Io): BatchFlags {
  if (shard !== 'auto') {
    if (shards === undefined || shard?.count === shards)
      return shard === undefined ? flags : { ...flags, shard };
    throw new ExpectedError('usage', `--shards ${shards} does not say which of the parts this is.`, {
      hint: `Add --shard auto, or say both: --shard 1/${shards}`,
    });
  }
  const { scheduler, index, count } = scheduledShard(io.env, shards);
  const nameOf = (path: string) => partName(path, { index, count });
  const output = flags.output === '-' ? '-' : nameOf(flags.output);
  io.stderr.write(
    `shard ${index} of ${count}, by ${scheduler}${output === '-' ? '' : `: ${quote(output)}`}\n`,
  );
  return {
    ...flags,
    shard: { index, count },
    output,
    ...(flags.journal === undefined ? {} : { journal: nameOf(flags.journal) }),
  };
}
