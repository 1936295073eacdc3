import { arch, platform } from 'node:os';
import { versions } from 'node:process';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { describeDevices, selfTestApart } from '../engine/describe-devices.js';
import type { DeviceReport } from '../engine/probe-device.js';
import type { SelfTestOutcome } from '../engine/probe-messages.js';
import { describeVersions } from '../engine/release.js';
import { startProgress } from '../terminal/progress.js';
import { writeJson } from '../terminal/io.js';
import { listModels } from '../weights/catalogue.js';
import { inspectModel } from '../weights/store/index.js';
import type { CommandContext } from './command-context.js';
import type { DoctorFlags } from './doctor.js';
import { planModels, type PlannedModel } from './doctor-plans.js';
import { describeFindings } from './doctor-report.js';
import { selfTestTask } from './doctor-self-test.js';
import { catalogueOf, hubSettings } from './hub-context.js';

/** All that `llava doctor` found out. */
export interface Findings {
  readonly versions: string;
  readonly platform: string;
  readonly devices: readonly ExaminedDevice[];
  /** What would go where, for the models that are here, and 7B and 13B in any case. */
  readonly plans: readonly PlannedModel[];
  /** Models whose files are on this machine. */
  readonly weights: readonly string[];
  readonly cacheFolder: string;
}

export interface ExaminedDevice extends DeviceReport {
  /** Undefined where no test was wanted or possible. */
  readonly selfTest: SelfTestOutcome | undefined;
}

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

async function findOut(flags: DoctorFlags, context: CommandContext): Promise<Findings> {
  const { io, signal } = context;
  using progress = startProgress(io);
  progress.say('looking for devices');
  const reports = await describeDevices(signal);
  const devices: ExaminedDevice[] = [];
  for (const report of reports) {
    progress.say(`testing ${report.kind}`);
    const test = flags.test && report.isUsable;
    const selfTest = test ? await selfTestApart(report.kind, await selfTestTask(), signal) : undefined;
    devices.push({ ...report, selfTest });
  }
  progress.say('looking for weights');
  const settings = await hubSettings(context);
  const stored = await Promise.all(
    listModels(catalogueOf(context)).map((model) => inspectModel(model, settings)),
  );
  const here = stored.filter(({ state }) => state === 'present');
  return {
    versions: describeVersions(),
    platform: `${platform()}-${arch()}, Node ${versions.node}`,
    devices,
    plans: await planModels(here, reports),
    weights: here.map(({ model }) => model.name),
    cacheFolder: settings.cacheFolder,
  };
}
