import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { writeJson } from '../../terminal/io.js';
import type { CommandContext } from '../command-context.js';
import { describeFindings } from './describe-findings.js';
import { findOut, type DoctorFlags, type ExaminedDevice } from './find-out.js';

/** Examines the machine and says what was found; fails when even the CPU cannot answer. */
export async function examine(flags: DoctorFlags, context: CommandContext): Promise<ExitCode> {
  const findings = await findOut(flags, context);
  if (flags.json === true) writeJson(context.io, findings);
  else context.io.stdout.write(describeFindings(findings));
  return findings.devices.every(isWell) ? EXIT_CODES.ok : EXIT_CODES.failed;
}

/** A GPU that is not there is no fault; one that fails its test is. */
function isWell({ kind, isUsable, selfTest }: ExaminedDevice): boolean {
  return isUsable ? selfTest?.ok !== false : kind !== 'cpu';
}
