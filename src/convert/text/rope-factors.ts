import type { RopeScaling } from '../../checkpoints/configuration/settings.js';

/**
 * What each frequency of Llama 3.1's scaled positions is divided by: nothing of the quick ones, `factor` of the slow ones, and
 * a mean between. Each step is rounded to float32, as torch does in llama.cpp's conversion/llama.py.
 */
export function ropeFactors(
  scaling: Extract<RopeScaling, { kind: 'llama3' }>,
  headSize: number,
  theta: number,
): Float32Array {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const { fround } = Math;
  return Float32Array.from({ length: headSize / 2 }, (_, index) => {
    const frequency = fround(1 / fround(theta ** fround((2 * index) / headSize)));
    const length = fround(fround(2 * Math.PI) / frequency);
    if (length < originalContext / high) return 1;
    if (length > originalContext / low) return factor;
    const smooth = fround(fround(fround(originalContext / length) - low) / fround(high - low));
    return 1 / fround(fround(fround(1 - smooth) / factor) + smooth);
  });
}
