import type { TensorsByName } from '../checkpoint-tensor.js';
import type { Fields } from '../configuration/fields.js';

/** What a folder holds before it is known what it is. */
export interface FolderContents {
  readonly folder: string;
  readonly name: string;
  /** All files, sorted. */
  readonly names: readonly string[];
  /** `config.json`. */
  readonly config: Fields | undefined;
  readonly tensors: TensorsByName;
}
