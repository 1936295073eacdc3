import type { Pixels } from '../../llava/pixels.js';
import type { DeviceKind } from '../devices/device-kind.js';
import type { WeightFiles } from '../local/loading/weight-files.js';
import type { DeviceReport } from './probe-device.js';
import type { SelfTestResult } from './self-test.js';

/** What a self-test works on. */
export interface SelfTestTask {
  readonly files: WeightFiles;
  readonly pixels: Pixels;
  readonly request: string;
}

/** What a probing process is asked to do. */
export interface ProbeTask {
  readonly kind: DeviceKind;
  /** Absent: only list the devices. */
  readonly selfTest?: SelfTestTask | undefined;
}

/** How a self-test went, or why it did not go. */
export type SelfTestOutcome =
  | { readonly ok: true; readonly result: SelfTestResult }
  | { readonly ok: false; readonly problem: string; readonly hint: string | undefined };

/** What it answers. */
export type ProbeAnswer =
  | { readonly type: 'report'; readonly report: DeviceReport }
  | { readonly type: 'self-test'; readonly outcome: SelfTestOutcome };
