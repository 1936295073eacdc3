import { freemem, totalmem } from 'node:os';
import type { Model } from '../weights/catalogue.js';

/** `fits`: in this machine's memory as it is; `tight`: once other programs give some back; `too much`: never. */
export type MemoryFit = 'fits' | 'tight' | 'too much';

/** Compares a model's memory need with this machine's. */
export function memoryFit({ memoryMiB }: Model, free = freemem(), total = totalmem()): MemoryFit {
  const needed = memoryMiB * 2 ** 20;
  if (needed <= free) return 'fits';
  return needed <= total ? 'tight' : 'too much';
}
