import type { CheckpointTensor } from '../checkpoints/checkpoint-tensor.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/** A checkpoint that cannot be converted. @param hint the next thing to do */
export function refuse(problem: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError('weights', problem, { hint, cause });
}

/** A tensor that has no place in what is written; `reason` finishes the sentence. */
export function refuseTensor({ name, path, shape }: CheckpointTensor, reason: string): ExpectedError {
  return refuse(
    `The tensor ${quote(name)} (${shape.join('×')}) of ${quote(path)} cannot be converted: ${reason}.`,
    'Only models of LLaVA-1.5’s architecture can be converted: see docs/convert.md',
  );
}
