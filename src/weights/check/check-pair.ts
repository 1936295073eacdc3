import { quote } from '../../llava/quote.js';
import { checkMmproj, type MmprojInfo } from './check-mmproj.js';
import { checkTextModel, type TextModelInfo } from './check-text-model.js';
import { readGgufHeader, type GgufHeader } from '../gguf/gguf-header.js';
import { textAt } from './header-fields.js';
import { measurePair, type PairSizes } from '../memory/weight-sizes.js';
import { weightsError } from '../weights-error.js';

/** A language model and a projector that fit each other. */
export interface PairInfo {
  readonly model: TextModelInfo;
  readonly mmproj: MmprojInfo;
  /** Side of the square picture, in pixels; the same as `mmproj.imageSize`. */
  readonly imageSize: number;
  /** Tokens that a picture takes of the context. */
  readonly tokensPerPicture: number;
  /** Numbers a token is made of, in both files. */
  readonly width: number;
  /** Tokens of system text, picture, questions and answers together. */
  readonly contextLength: number;
  /** What a fit plan counts with. */
  readonly sizes: PairSizes;
}

/**
 * Checks from the headers alone, in milliseconds, that two files are a pair of LLaVA-1.5.
 * @throws ExpectedError 'weights': missing or damaged files, other models, swapped or ill-matched ones.
 */
export async function checkPair(modelPath: string, mmprojPath: string): Promise<PairInfo> {
  const [modelHeader, mmprojHeader] = await Promise.all([
    readGgufHeader(modelPath),
    readGgufHeader(mmprojPath),
  ]);
  checkRoles(modelHeader, mmprojHeader);
  const model = checkTextModel(modelHeader);
  const mmproj = checkMmproj(mmprojHeader);
  if (model.width !== mmproj.width) throw widthMismatch(model, mmproj);
  const { imageSize, tokensPerPicture } = mmproj;
  const { width, contextLength } = model;
  if (contextLength <= tokensPerPicture) {
    const problem = `has a context of ${contextLength} tokens, but a picture takes ${tokensPerPicture}`;
    throw weightsError(modelPath, problem, 'Use a language model with a longer context.');
  }
  const sizes = measurePair(modelHeader, mmprojHeader);
  return { model, mmproj, imageSize, tokensPerPicture, width, contextLength, sizes };
}

function checkRoles(model: GgufHeader, mmproj: GgufHeader): void {
  const modelIsTower = isTower(model);
  const mmprojIsTower = isTower(mmproj);
  if (modelIsTower && !mmprojIsTower) {
    const problem = `is the projector and ${quote(mmproj.path)} the language model: they are swapped`;
    throw weightsError(
      model.path,
      problem,
      'Swap them: --gguf takes the language model, --mmproj the projector.',
    );
  }
  if (modelIsTower) {
    throw weightsError(
      model.path,
      'is a projector, not a language model',
      'Give the language model, for example llava-v1.5-7b-Q4_K_M.gguf, with --gguf.',
    );
  }
  if (!mmprojIsTower) {
    const architecture = textAt(mmproj, 'general.architecture');
    const found =
      architecture === 'llama' ? 'a language model' : `of the architecture ${quote(architecture ?? '')}`;
    throw weightsError(
      mmproj.path,
      `is ${found}, not a projector`,
      'Give the mmproj file published with the model, for example mmproj-model-f16.gguf, with --mmproj.',
    );
  }
}

/** Vision towers of all years say `clip`, or at least that they see. */
export function isTower(header: GgufHeader): boolean {
  return (
    textAt(header, 'general.architecture') === 'clip' ||
    header.metadata.get('clip.has_vision_encoder') === true
  );
}

function widthMismatch(model: TextModelInfo, mmproj: MmprojInfo): Error {
  const problem = `makes image features ${mmproj.width} wide, but ${quote(model.path)} takes ${model.width}`;
  return weightsError(
    mmproj.path,
    problem,
    'Use the mmproj file of the same model size: 4096 is 7B, 5120 is 13B.',
  );
}
