import { arch, platform } from 'node:os';
import { versions } from 'node:process';
import { findAddon, type FoundAddon } from '../../engine/local/runtime/find-addon.js';
import { describeVersions } from '../../engine/local/runtime/release.js';
import { describeDevices, selfTestApart } from '../../engine/probe/describe-devices.js';
import type { DeviceReport } from '../../engine/probe/probe-device.js';
import type { SelfTestOutcome } from '../../engine/probe/probe-messages.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { catalogueOf, hubSettings } from '../../opening/environment.js';
import { startProgress } from '../../terminal/progress.js';
import { listModels } from '../../weights/catalogue.js';
import { inspectModel } from '../../weights/store/index.js';
import type { CommandContext } from '../command-context.js';
import { planModels, type PlannedModel } from './plan-models.js';
import { selfTestTask } from './self-test-task.js';

/** The flags of `llava doctor`. */
export interface DoctorFlags {
  readonly json?: boolean;
  readonly test: boolean;
}

/** All that `llava doctor` found out. */
export interface Findings {
  readonly versions: string;
  readonly platform: string;
  readonly addon: AddonReport;
  readonly devices: readonly ExaminedDevice[];
  /** What would go where, for the models that are here, and 7B and 13B in any case. */
  readonly plans: readonly PlannedModel[];
  /** Models whose files are on this machine. */
  readonly weights: readonly string[];
  readonly cacheFolder: string;
}

/** The native addon that commands load, or why there is none. */
export type AddonReport = Omit<FoundAddon, 'addon'> | { readonly problem: string };

export interface ExaminedDevice extends DeviceReport {
  /** Undefined where no test was wanted or possible. */
  readonly selfTest: SelfTestOutcome | undefined;
}

/** Looks at devices, memory and weights, and tests each device. */
export async function findOut(flags: DoctorFlags, context: CommandContext): Promise<Findings> {
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
  const settings = await hubSettings(context.io.env);
  const stored = await Promise.all(
    listModels(catalogueOf(context.io.env)).map((model) => inspectModel(model, settings)),
  );
  const here = stored.filter(({ state }) => state === 'present');
  return {
    versions: describeVersions(),
    platform: `${platform()}-${arch()}, Node ${versions.node}`,
    addon: reportAddon(),
    devices,
    plans: await planModels(here, reports),
    weights: here.map(({ model }) => model.name),
    cacheFolder: settings.cacheFolder,
  };
}

function reportAddon(): AddonReport {
  try {
    const { origin, file, passedOver } = findAddon();
    return { origin, file, passedOver };
  } catch (error) {
    if (error instanceof ExpectedError) return { problem: error.message };
    throw error;
  }
}
