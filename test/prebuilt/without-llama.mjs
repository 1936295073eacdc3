/*
 * Loads the addon that is named, does what can be done with it while no llama.cpp is loaded, and writes what came of it to a file:
 * under Wine, Node cannot write to a pipe.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [addonFile, outputFile] = process.argv.slice(2);

/** @param {() => unknown} call */
async function outcome(call) {
  try {
    return { value: (await call()) ?? null };
  } catch (error) {
    return { code: error.code, message: error.message };
  }
}

const addon = require(addonFile);
const results = {
  exports: Object.entries(addon).map(([name, value]) => `${name}: ${typeof value}`),
  release: addon.release,
  engineVersion: addon.engineVersion,
  instructionSets: addon.instructionSets,
  'attach to nothing': await outcome(() => addon.attach(undefined)),
  'attach to a file that is not loaded': await outcome(() => addon.attach('/größe/libllama.so')),
  'list devices': await outcome(() => addon.listDevices()),
  'prepare devices': await outcome(() => addon.prepareDevices()),
  'accelerate the CPU': await outcome(() => addon.accelerateCpu()),
  'open a tower': await outcome(() => addon.openTower('mmproj.gguf', { device: null, threads: 1 })),
  'evaluate features': await outcome(() => addon.evaluateFeatures({}, {})),
  multiply: await outcome(() => addon.multiply({})),
  'cancel all': await outcome(() => addon.cancelAll()),
  'loaded again': require(addonFile) === addon,
};
writeFileSync(outputFile, JSON.stringify(results));
