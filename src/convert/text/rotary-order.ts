import type { RowOrder } from '../number-source.js';

/**
 * The order of a head's rows in the query and key matrices. transformers turns the first half of a head's values against the
 * second, llama.cpp turns neighbours, as Meta's own code does. Source: `LlamaModel.permute` in llama.cpp's conversion/llama.py.
 */
export function rotaryOrder(headSize: number): RowOrder {
  const half = headSize / 2;
  return {
    rowsTogether: headSize,
    from: (row) => (row % 2) * half + Math.floor(row / 2),
  };
}
