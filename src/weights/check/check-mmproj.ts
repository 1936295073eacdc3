import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import { checkProjector, checkProjectorType, type Projector } from '../projector.js';
import { weightsError } from '../weights-error.js';
import { checkBlocks, countAt, lengthAt, mainType, tensorAt, textAt } from './header-fields.js';

/** A CLIP vision tower and the projector behind it. */
export interface MmprojInfo {
  readonly path: string;
  readonly bytes: number;
  readonly name: string | undefined;
  readonly projectorType: Projector['type'];
  /** Side of the square that the tower takes, in pixels. */
  readonly imageSize: number;
  readonly patchSize: number;
  /** Tokens that a picture becomes: one a patch. */
  readonly tokensPerPicture: number;
  readonly towerWidth: number;
  /** Transformer blocks stored; LLaVA-1.5's files hold 23 of CLIP-L's 24. */
  readonly blocks: number;
  readonly heads: number;
  /** Numbers a token is made of when it leaves the projector: the language model's width. */
  readonly width: number;
  /** The number format of most weights, such as `f16`. */
  readonly type: string;
}

const HINT = 'Use the mmproj file published with LLaVA-1.5 7B or 13B.';

/**
 * Checks that a header is that of LLaVA-1.5's vision tower and projector, whatever year it was converted in.
 * @throws ExpectedError 'weights'
 */
export function checkMmproj(header: GgufHeader): MmprojInfo {
  checkKind(header);
  const towerWidth = countAt(header, 'clip.vision.embedding_length', HINT);
  const imageSize = countAt(header, 'clip.vision.image_size', HINT);
  const patchSize = countAt(header, 'clip.vision.patch_size', HINT);
  const blocks = countAt(header, 'clip.vision.block_count', HINT);
  const heads = countAt(header, 'clip.vision.attention.head_count', HINT);
  if (imageSize % patchSize !== 0 || towerWidth % heads !== 0) {
    const sizes = `${imageSize} pixels in patches of ${patchSize}, width ${towerWidth} in ${heads} heads`;
    throw weightsError(header.path, `is not usable: ${sizes} do not divide`, HINT);
  }
  const tokensPerPicture = (imageSize / patchSize) ** 2;
  tensorAt(header, 'v.patch_embd.weight', [patchSize, patchSize, 3, towerWidth], HINT);
  tensorAt(header, 'v.class_embd', [towerWidth], HINT);
  tensorAt(header, 'v.position_embd.weight', [towerWidth, tokensPerPicture + 1], HINT);
  checkBlocks(header, 'v.blk.', blocks, HINT);
  for (let block = 0; block < blocks; block++) checkMlp(header, `v.blk.${block}.`, towerWidth);
  for (const key of ['clip.vision.image_mean', 'clip.vision.image_std']) {
    if (lengthAt(header, key) !== 3)
      throw weightsError(header.path, `lacks three numbers in ${quote(key)}`, HINT);
  }
  const projector = checkProjector(header, towerWidth, HINT);
  return {
    path: header.path,
    bytes: header.fileBytes,
    name: textAt(header, 'general.name'),
    projectorType: projector.type,
    imageSize,
    patchSize,
    tokensPerPicture,
    towerWidth,
    blocks,
    heads,
    width: projector.width,
    type: mainType(header),
  };
}

/** Refuses the files of other models. */
function checkKind(header: GgufHeader): void {
  if (isForTiles(header))
    throw weightsError(header.path, 'is a projector of LLaVA-1.6, which cuts pictures into tiles', HINT);
  checkProjectorType(header, HINT);
}

/** What only LLaVA-1.6 says or stores; "flat" is a default that fine-tuned 1.5 models may carry along. */
function isForTiles({ metadata, tensors }: GgufHeader): boolean {
  const mergeType = metadata.get('clip.vision.mm_patch_merge_type') ?? 'flat';
  if (mergeType !== 'flat' || metadata.has('clip.vision.image_grid_pinpoints')) return true;
  return [...tensors.keys()].some((name) => name.endsWith('image_newline'));
}

/** The first matrix is called `ffn_down` in the published files and `ffn_up` in later ones: shapes decide. */
function checkMlp(header: GgufHeader, block: string, towerWidth: number): void {
  const [first, second] = [`${block}ffn_down.weight`, `${block}ffn_up.weight`];
  const isOld = header.tensors.get(first)?.shape[0] === towerWidth;
  const inner = tensorAt(header, isOld ? first : second, [towerWidth, undefined], HINT).shape[1];
  tensorAt(header, isOld ? second : first, [inner, towerWidth], HINT);
}
