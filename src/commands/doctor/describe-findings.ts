import { freemem, totalmem } from 'node:os';
import { DEVICE_NAMES } from '../../engine/devices/device-kind.js';
import { MOST_DIFFERENCE } from '../../engine/probe/self-test.js';
import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';
import { formatTable } from '../../terminal/table.js';
import type { AddonReport, ExaminedDevice, Findings } from './find-out.js';
import type { PlannedModel } from './plan-models.js';
import { RIGHT_ANSWER } from './self-test-task.js';
import { DEFAULT_CONTEXT } from '../../opening/plan-placement.js';

/** Findings as people read them. */
export function describeFindings(findings: Findings): string {
  const { versions, platform, addon, devices, plans, weights, cacheFolder } = findings;
  const tested = devices.filter(({ selfTest }) => selfTest !== undefined);
  return [
    `${versions}\n${platform}\naddon ${describeAddon(addon)}\n`,
    section('Devices', [...devices.flatMap(deviceRows), ['memory', hostMemory()]]),
    tested.length === 0 ? '' : section('Self-test on the demo model', tested.map(testRow)),
    section(`Plan, with ${DEFAULT_CONTEXT} tokens of context or the model's own`, plans.map(planRow)),
    section('Weights', [
      ['here', weights.join(', ')],
      ['cache', cacheFolder],
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Which was loaded, and why. */
function describeAddon(addon: AddonReport): string {
  // The CPU's row says why.
  if ('problem' in addon) return 'not found';
  const { origin, file, passedOver } = addon;
  if (origin === 'named') return `${quote(file)}, which LLAVA_NATIVE_ADDON names`;
  return origin === 'built' ? 'built here' : `prebuilt, since ${passedOver.join('; ')}`;
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}\n${formatTable(rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]))}`;
}

function deviceRows({
  kind,
  isUsable,
  problem,
  hint,
  devices,
  cpuFeatures,
  hasOwnKernels,
  threads,
}: ExaminedDevice): string[][] {
  const name = DEVICE_NAMES[kind];
  if (!isUsable) return [[name, `no: ${problem ?? ''}`], ...(hint === undefined ? [] : [['', `   ${hint}`]])];
  const kernels = hasOwnKernels ? '; own kernels for Q4_0, Q4_K, Q6_K' : '';
  if (kind === 'cpu') return [[name, `${threads} threads; ${cpuFeatures.join(' ')}${kernels}`]];
  return devices.map(({ name: id, description, totalBytes, freeBytes }) => [
    name,
    `${id}: ${description}, ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`,
  ]);
}

function hostMemory(): string {
  return `${formatBytes(freemem())} of ${formatBytes(totalmem())} free`;
}

function testRow({ kind, selfTest }: ExaminedDevice): string[] {
  if (selfTest === undefined) return [];
  if (!selfTest.ok) return [DEVICE_NAMES[kind], `FAILED: ${selfTest.problem}`];
  const { answer, difference, loadMs, encodeMs, answerMs } = selfTest.result;
  const isRight = answer === RIGHT_ANSWER && difference <= MOST_DIFFERENCE;
  const times = `load ${Math.round(loadMs)} ms, picture ${Math.round(encodeMs)} ms, answer ${Math.round(answerMs)} ms`;
  const accuracy = kind === 'cpu' ? '' : `, features differ from the CPU's by ${difference.toExponential(1)}`;
  return [DEVICE_NAMES[kind], `${isRight ? 'ok' : 'WRONG'}: "${answer}"${accuracy}; ${times}`];
}

function planRow({
  model,
  isEstimate,
  device,
  plan,
  deviceFreeBytes,
  hostFreeBytes,
}: PlannedModel): string[] {
  const { placement, layers, deviceBytes, hostBytes, fits } = plan;
  const host = `${formatBytes(hostBytes)} of ${formatBytes(hostFreeBytes)} of memory`;
  const onDevice =
    deviceFreeBytes === undefined
      ? ''
      : `${placement.gpuLayers} of ${layers} layers${placement.towerOn === 'device' ? ' and the tower' : ''}: ` +
        `${formatBytes(deviceBytes)} of ${formatBytes(deviceFreeBytes)}; `;
  return [
    isEstimate ? `${model} (not here)` : model,
    DEVICE_NAMES[device],
    fits ? 'fits' : 'too much',
    onDevice + host,
  ];
}
