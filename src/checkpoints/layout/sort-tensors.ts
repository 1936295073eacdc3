import { quote } from '../../llava/quote.js';
import { checkpointError } from '../checkpoint-error.js';
import type { CheckpointTensor, TensorsByName } from '../checkpoint-tensor.js';
import type { CheckpointParts } from '../checkpoint.js';
import { isNeedless, partOfTensor } from './part-of-tensor.js';

/**
 * Tensors by the part of the model that they belong to.
 * @throws ExpectedError('weights') for a tensor that no LLaVA-1.5 has, or two of the same meaning
 */
export function sortTensors(folder: string, tensors: TensorsByName): CheckpointParts {
  const parts = {
    text: new Map<string, CheckpointTensor>(),
    tower: new Map<string, CheckpointTensor>(),
    projector: new Map<string, CheckpointTensor>(),
  };
  for (const tensor of tensors.values()) {
    if (isNeedless(tensor.name)) continue;
    const place = partOfTensor(tensor.name);
    if (place === undefined) throw strangeTensor(folder, tensor.name);
    const part = parts[place.part];
    const other = part.get(place.name);
    if (other !== undefined)
      throw checkpointError(
        folder,
        `has the tensors ${quote(other.name)} and ${quote(tensor.name)}, which mean the same`,
        'Save the checkpoint again, from one model.',
      );
    part.set(place.name, tensor);
  }
  return parts;
}

export function strangeTensor(folder: string, name: string): Error {
  const whose = name.includes('image_newline') ? ', as LLaVA-1.6 has,' : '';
  return checkpointError(
    folder,
    `holds the tensor ${quote(name)},${whose} which is no part of a LLaVA-1.5`.replace(',,', ','),
    'Only LLaVA-1.5 (CLIP tower, two-layer projector, Llama or Mistral) is converted.',
  );
}
