/** Prints hashes of what our kernels compute from random numbers: products by quantised weights, and image features. */
import { createHash } from 'node:crypto';
import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import { randomOperands } from '../reference/quantised-operands.js';
import { Seeded } from '../reference/seeded.js';

const hash = (values: Float32Array) => createHash('sha256').update(values).digest('hex');

await using backend = await loadBackend({ device: 'cpu', threads: 2 });
const products = (['Q4_0', 'Q4_K', 'Q6_K'] as const).map((type) =>
  backend.hasOwnKernels
    ? hash(backend.addon.multiply({ ...randomOperands(type, 2048, 130, 34), threads: 2 }))
    : 'left to ggml',
);
const tower = await backend.addon.openTower(process.argv[2] ?? '', { device: null, threads: 2 });
const random = new Seeded(1);
const { features } = await tower.encode(
  Uint8Array.from({ length: tower.imageSize ** 2 * 3 }, () => random.below(256)),
);
await tower.close();
process.stdout.write(JSON.stringify({ products, features: hash(features) }));
