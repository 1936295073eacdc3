/** ‖a − b‖ / ‖b‖: how far `a` is from the reference `b`. Infinite where a number is missing or not finite. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    return Infinity;
  }
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  const error = Math.sqrt(difference / size);
  return Number.isFinite(error) ? error : Infinity;
}

/**
 * The largest difference of a matrix product from plain float64, as a share of what was added up.
 * @param matrix [outputs, inputs]
 * @param rows [count, inputs]
 * @param product [count, outputs]
 */
export function worstProductError(
  matrix: ArrayLike<number>,
  rows: ArrayLike<number>,
  inputs: number,
  product: Float32Array,
): number {
  const outputs = matrix.length / inputs;
  return product.reduce((worst, value, at) => {
    const [row, output] = [Math.floor(at / outputs) * inputs, (at % outputs) * inputs];
    let [sum, size] = [0, 0];
    for (let k = 0; k < inputs; k++) {
      const term = rows[row + k]! * matrix[output + k]!;
      sum += term;
      size += Math.abs(term);
    }
    return Math.max(worst, Math.abs(value - sum) / (size || 1));
  }, 0);
}
