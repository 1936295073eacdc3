/*
 * Opens the demo on the Vulkan device with ever smaller contexts and prints what came of it as JSON. The largest
 * buffer that the device gives is set outside, by GGML_VK_FORCE_MAX_BUFFER_SIZE. Arguments: the contexts to try.
 */
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { OutOfMemory } from '../../src/engine/local/runtime/out-of-memory.js';
import type { Placement } from '../../src/engine/local/loading/placement.js';
import { projectFile } from '../helpers/run-llava.js';

export interface LittleMemory {
  readonly notes: readonly string[];
  readonly outOfMemory: string | undefined;
  readonly contextSize: number | undefined;
}

const [first = 2048, ...smaller] = process.argv.slice(2).map(Number);
const notes: string[] = [];
const placement: Placement = {
  gpuLayers: 7,
  towerOn: 'device',
  contextSize: first,
  sequences: 1,
  kvType: 'f16',
  mapsModel: true,
};
const result = await open();
process.stdout.write(`${JSON.stringify(result)}\n`);

async function open(): Promise<LittleMemory> {
  try {
    await using engine = await openLlamaEngine(
      { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') },
      {
        device: 'vulkan',
        placement,
        placeLess: (failed) => {
          const contextSize = smaller.shift();
          return contextSize === undefined ? undefined : { ...failed, contextSize };
        },
        onNote: (note) => notes.push(note),
      },
    );
    return { notes, outOfMemory: undefined, contextSize: engine.info.contextSize };
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    return { notes, outOfMemory: error.message, contextSize: undefined };
  }
}
