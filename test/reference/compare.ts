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
