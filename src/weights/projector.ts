import { quote } from '../llava/quote.js';
import { tensorAt, textAt } from './check/header-fields.js';
import type { GgufHeader } from './gguf/gguf-header.js';
import { weightsError } from './weights-error.js';

/** What turns the vision tower's rows into image features: two matrices with a GELU between them. */
export interface Projector {
  /** `mlp`; absent from files of 2023, whose tensors tell. */
  readonly type: string | undefined;
  /** Numbers an image feature is made of: the language model's width. */
  readonly width: number;
}

/**
 * The projector of an mmproj file; native/vision/projector.cc computes it.
 * @param hint what to do about a file whose projector is another
 * @throws ExpectedError 'weights'
 */
export function checkProjector(header: GgufHeader, towerWidth: number, hint: string): Projector {
  const inner = tensorAt(header, 'mm.0.weight', [towerWidth, undefined], hint).shape[1];
  const width = tensorAt(header, 'mm.2.weight', [inner, undefined], hint).shape[1] ?? 0;
  tensorAt(header, 'mm.0.bias', [inner], hint);
  tensorAt(header, 'mm.2.bias', [width], hint);
  return { type: projectorType(header), width };
}

/** Refuses projectors that the tower is not made for. @throws ExpectedError 'weights' */
export function checkProjectorType(header: GgufHeader, hint: string): void {
  const type = projectorType(header);
  if (type !== undefined && type !== 'mlp')
    throw weightsError(header.path, `is a projector of type ${quote(type)}; LLaVA-1.5 needs "mlp"`, hint);
}

/** Numbers an image feature is made of, in a file that was checked. */
export function projectorWidth({ tensors }: GgufHeader): number {
  return tensors.get('mm.2.bias')?.shape[0] ?? 0;
}

/** Numbers held for each position while it is computed. */
export function projectorRow(towerWidth: number, width: number): number {
  return 2 * width + 2 * towerWidth;
}

function projectorType(header: GgufHeader): string | undefined {
  return textAt(header, 'clip.projector_type') ?? textAt(header, 'clip.vision.projector_type');
}
