import { InvalidArgumentError } from 'commander';
import type { Shard } from '../../batch/rows/read-rows.js';

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

/** A parser of shards: `2/8` is the second of eight, `auto` the one that a scheduler says. */
export function shardOrAuto(value: string): Shard | 'auto' {
  if (value === 'auto') return value;
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(value) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new InvalidArgumentError('It takes a part and the number of parts, such as 2/8, or auto.');
}

/** A parser of times: `90s`, `30m` or `2h`, in milliseconds. */
export function duration(value: string): number {
  const [, amount, unit] = /^(\d{1,6})(s|m|h)$/.exec(value) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It takes a time such as 90s, 30m or 2h.');
  return Number(amount) * 1000 * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
}

/** A duration, or `0`. */
export function durationOrNone(value: string): number {
  return value === '0' ? 0 : duration(value);
}

/** Gathers an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
