import type { RopeScaling } from '../../checkpoints/configuration/settings.js';

/**
 * What each frequency of Llama 3.1's scaled positions is divided by: nothing of the quick ones, `factor` of the slow ones, and
 * a mean between. Computed in float64 from float32 frequencies, as llama.cpp's conversion/llama.py does.
 */
export function ropeFactors(
  scaling: Extract<RopeScaling, { kind: 'llama3' }>,
  headSize: number,
  theta: number,
): Float32Array {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling;
  const longest = originalContext / lowFrequencyFactor;
  const shortest = originalContext / highFrequencyFactor;
  return Float32Array.from({ length: headSize / 2 }, (_, index) => {
    const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * index) / headSize)));
    const length = (2 * Math.PI) / frequency;
    if (length < shortest) return 1;
    if (length > longest) return factor;
    const smooth =
      (originalContext / length - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
