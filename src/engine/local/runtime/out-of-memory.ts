import { ExpectedError } from '../../../llava/expected-error.js';

/** The device, or the machine, has no memory for this step: with less to hold it may go well. */
export class OutOfMemory extends ExpectedError {
  constructor(message: string, cause?: unknown) {
    super('engine', message, {
      hint: 'Use a smaller --context, fewer --gpu-layers, --kv-type q8_0 or --device cpu',
      cause,
    });
  }
}
