/*
 * Answers demo questions on one device and prints what came of it as one line of JSON: in a process of its own,
 * since llama.cpp is loaded for one kind of device only.
 * Arguments: the device, the layers on it (or `all`), how many scenes and how many questions on each.
 */
import { openLlamaEngine, type LlamaInfo } from '../../src/engine/local/llama-engine.js';
import type { DeviceKind } from '../../src/engine/devices/device-kind.js';

import type { MemoryUse } from '../../src/engine/local/sequences/sequence-bridge.js';
import { ALL_LAYERS } from '../../src/engine/local/loading/placement.js';
import { projectFile } from '../helpers/run-llava.js';
import { askAll, lookAtScenes } from '../demo/ask-scenes.js';

export interface DeviceAnswers {
  readonly info: LlamaInfo;
  readonly memory: MemoryUse;
  readonly answers: readonly string[];
  /** Of the scenes, one after another. */
  readonly features: readonly (readonly number[])[];
}

const [device = 'cpu', layers = 'all', scenes = '20', each = '5'] = process.argv.slice(2);
const isGpu = device !== 'cpu';
await using engine = await openLlamaEngine(
  { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') },
  {
    device: device as DeviceKind,
    ...(isGpu ? {} : { threads: 1 }),
    placement: {
      gpuLayers: !isGpu ? 0 : layers === 'all' ? ALL_LAYERS : Number(layers),
      towerOn: isGpu ? 'device' : 'cpu',
      contextSize: 512,
      sequences: 1,
      kvType: 'f16',
      mapsModel: true,
    },
  },
);
const looked = await lookAtScenes(engine, Number(scenes), (questions) =>
  questions.filter(({ format, kind }) => format === 'short' && kind !== 'describe').slice(0, Number(each)),
);
const asked = await askAll(engine, looked);
const result: DeviceAnswers = {
  info: engine.info,
  memory: engine.memory,
  answers: asked.map(({ answer }) => answer),
  features: looked.map(({ features }) => [...features.values]),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
