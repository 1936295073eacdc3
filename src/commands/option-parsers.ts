import { InvalidArgumentError } from 'commander';

/** A parser of whole numbers from `min` to `max`, for commander's options. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !Number.isInteger(number) || number < min || number > max)
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    return number;
  };
}

/** A parser of numbers from `min` to `max`; `min` itself only when `includeMin`. */
export function decimalNumber(min: number, max: number, includeMin = true): (value: string) => number {
  return (value) => {
    const number = Number(value);
    const tooSmall = includeMin ? number < min : number <= min;
    if (value.trim() === '' || !Number.isFinite(number) || tooSmall || number > max)
      throw new InvalidArgumentError(`It takes a number ${includeMin ? 'from' : 'above'} ${min} to ${max}.`);
    return number;
  };
}

/** A parser of numbers of layers. */
export function layerCount(value: string): number | 'all' {
  return value === 'all' ? 'all' : wholeNumber(0, 1000)(value);
}

/** Gathers an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
