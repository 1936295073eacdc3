/** What commands know of the weights on this machine: look, fetch, verify, remove. */
export {
  inspectModel,
  type Role,
  type StoredFile,
  type StoredModel,
  type StoredState,
} from './inspect-model.js';
export type { PullOptions } from './pull-file.js';
export { pullModel } from './pull-model.js';
export { removeModel, type KeptFile, type RemovedModel } from './remove-model.js';
export { verifyModel, type VerifiedFile } from './verify-model.js';
