/** The classical mistakes of CLIP and LLaVA implementations; the reference can make each of them. */
export const towerFaults = [
  'class-token-last', // the class row put after the patches, positions and rows taken as if it came first
  'class-token-dropped', // no class row at all
  'class-row-kept', // rows 0..N-1 handed on instead of 1..N
  'positions-off-by-one', // every row gets its neighbour's position
  'positions-missing',
  'pre-layer-norm-missing',
  'one-block-fewer',
  'one-block-more',
  'post-layer-norm', // CLIP's final norm, which LLaVA does not reach
  'column-major-patches', // patches read down the columns
  'transposed-kernel', // x and y swapped inside a patch
  'blue-first', // BGR pixels
  'no-normalisation', // pixels scaled to 0..1 only
  'imagenet-mean-and-deviation',
  'half-mean-and-deviation', // 0.5 and 0.5, as SigLIP
  'tanh-gelu-in-projector',
  'quick-gelu-in-projector',
  'exact-gelu-in-blocks',
  'swapped-query-and-key',
  'unscaled-attention',
] as const;

export type TowerFault = (typeof towerFaults)[number];
