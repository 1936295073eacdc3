import { freemem } from 'node:os';
import type { DeviceKind } from '../../engine/devices/device-kind.js';
import type { DeviceReport } from '../../engine/probe/probe-device.js';
import { sizeOf } from '../../hub/hub-file.js';
import { findModel, isHubFile, readCatalogue } from '../../weights/catalogue.js';
import { checkPair } from '../../weights/check/check-pair.js';
import { planFit, type FitPlan } from '../../weights/memory/fit-plan.js';
import { estimateSizes } from '../../weights/memory/known-shapes.js';
import { repackedTypes } from '../../weights/memory/repacked-types.js';
import type { StoredModel } from '../../weights/store/index.js';
import type { PairSizes } from '../../weights/memory/weight-sizes.js';
import { DEFAULT_CONTEXT, deviceMemory } from '../../opening/plan-placement.js';

/** Where a model would go on a device. */
export interface PlannedModel {
  readonly model: string;
  /** Sizes come from the catalogue, not from headers: the files are not here. */
  readonly isEstimate: boolean;
  readonly device: DeviceKind;
  readonly deviceFreeBytes: number | undefined;
  readonly hostFreeBytes: number;
  readonly plan: FitPlan;
}

/** Plans the models that are here, and LLaVA-1.5 7B and 13B in any case, for each usable device. */
export async function planModels(
  here: readonly StoredModel[],
  devices: readonly DeviceReport[],
): Promise<readonly PlannedModel[]> {
  const sizes = [...(await sizesOfFiles(here)), ...sizesOfCatalogue(here)];
  return sizes.flatMap(({ model, isEstimate, pair }) =>
    devices
      .filter(({ isUsable }) => isUsable)
      .map((report) => ({ model, isEstimate, ...planOn(report, pair) })),
  );
}

interface ModelSizes {
  readonly model: string;
  readonly isEstimate: boolean;
  readonly pair: PairSizes;
}

async function sizesOfFiles(here: readonly StoredModel[]): Promise<readonly ModelSizes[]> {
  const sizes: ModelSizes[] = [];
  for (const { model, files } of here) {
    const [{ path: modelPath }, { path: mmprojPath }] = files;
    if (modelPath === undefined || mmprojPath === undefined) continue;
    sizes.push({
      model: model.name,
      isEstimate: false,
      pair: (await checkPair(modelPath, mmprojPath)).sizes,
    });
  }
  return sizes;
}

/** The default models of both sizes, as far as they are not here. */
function sizesOfCatalogue(here: readonly StoredModel[]): readonly ModelSizes[] {
  const catalogue = readCatalogue();
  return (['7b', '13b'] as const).flatMap((size) => {
    const { name, files } = findModel(size, catalogue);
    if (here.some(({ model }) => model.name === name)) return [];
    if (!isHubFile(files.model) || !isHubFile(files.mmproj)) return [];
    const bytes = { modelBytes: sizeOf(files.model), mmprojBytes: sizeOf(files.mmproj) };
    return [{ model: name, isEstimate: true, pair: estimateSizes(size, bytes, 'q4_K') }];
  });
}

function planOn(report: DeviceReport, pair: PairSizes): Omit<PlannedModel, 'model' | 'isEstimate'> {
  const device = deviceMemory(report);
  const plan = planFit(pair, {
    contextSize: Math.min(pair.text.contextLength, DEFAULT_CONTEXT),
    kvType: 'f16',
    device,
    host: {
      freeBytes: freemem(),
      repacked: repackedTypes({ ...report, cpuFeatures: new Set(report.cpuFeatures) }),
    },
    gpuLayers: 'auto',
  });
  return { device: report.kind, deviceFreeBytes: device?.freeBytes, hostFreeBytes: freemem(), plan };
}
