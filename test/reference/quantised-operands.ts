import { blockLayout } from './gguf-types.js';
import { toHalf } from './half.js';
import { Seeded } from './seeded.js';

/** What our kernels for quantised weights multiply by. */
export type QuantisedType = 'Q4_0' | 'Q4_K' | 'Q6_K';

/** A matrix of quantised weights and rows to multiply by it. */
export interface QuantisedOperands {
  readonly type: QuantisedType;
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Uint8Array;
  readonly rows: Float32Array;
}

/** Any bytes are weights, as long as scales are numbers. */
export function randomOperands(
  type: QuantisedType,
  inputs: number,
  outputs: number,
  count: number,
): QuantisedOperands {
  const random = new Seeded(inputs + 31 * outputs + 977 * count);
  const { values, bytes } = blockLayout[type];
  const weights = Uint8Array.from({ length: ((inputs * outputs) / values) * bytes }, () => random.below(256));
  const view = new DataView(weights.buffer);
  for (let at = 0; at < weights.length; at += bytes) {
    const scale = type === 'Q6_K' ? at + bytes - 2 : at;
    view.setUint16(scale, toHalf(0.01 + random.below(100) / 1000), true);
    if (type === 'Q4_K') view.setUint16(at + 2, toHalf(random.below(100) / 1000), true);
  }
  return { type, inputs, outputs, weights, rows: random.normal(inputs * count, 1) };
}
