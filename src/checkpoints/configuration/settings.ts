/** How positions turn queries and keys. `llama3` becomes a tensor of factors in GGUF, the others metadata. */
export type RopeScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalContext: number;
      readonly extrapolationFactor: number | undefined;
      readonly attentionFactor: number | undefined;
      readonly betaFast: number | undefined;
      readonly betaSlow: number | undefined;
    }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    };

/** The language model: a Llama, with what the configuration leaves out filled in as transformers does. */
export interface TextSettings {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Fewer than `heads` with grouped queries. */
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForwardSize: number;
  /** Rows of the embeddings: the tokens of the vocabulary, and what it is padded with. */
  readonly vocabularyRows: number;
  /** `max_position_embeddings`. */
  readonly contextLength: number;
  readonly rmsNormEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | undefined;
  /** The embeddings are the output matrix too. */
  readonly tied: boolean;
}

/** CLIP's vision tower, all of its blocks counted. */
export interface VisionSettings {
  /** Pixels, of the square's side and of a patch's. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForwardSize: number;
  readonly layerNormEpsilon: number;
  readonly activation: 'quick_gelu' | 'gelu';
}

/** How pixels become the projector's input. */
export interface PictureSettings {
  /** The block whose output is taken: negative from the end, so that -2 is the last but one; positive as transformers counts. */
  readonly featureLayer: number;
  /** The class token's feature is left out. */
  readonly featureSelect: 'patch';
  /** Of red, green and blue, from 0 to 1; CLIP's where the checkpoint says nothing. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The two-layer projector with an exact GELU between its layers. */
export interface ProjectorSettings {
  /** Values of an image feature before, and after it. */
  readonly inputSize: number;
  readonly outputSize: number;
}

/** What tells how a model was trained to talk. Nothing of it is ever run. */
export interface ConversationHints {
  /** `_name_or_path`, or what a LoRA says it belongs to; often a path of the training machine. */
  readonly trainedFrom: string | undefined;
  /** As text, by name; the usual one is `default`. */
  readonly chatTemplates: readonly { readonly name: string; readonly template: string }[];
}

/** A low-rank adapter as PEFT describes it. */
export interface LoraSettings {
  /** Of most matrices; a pair's own is in its shape. */
  readonly rank: number;
  readonly alpha: number;
  /** Divided by √rank instead of rank. */
  readonly rankStabilised: boolean;
  /** Factors of single modules that differ, by the end of their names: `alpha_pattern`. */
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** `base_model_name_or_path`; often a path of the training machine. */
  readonly baseName: string | undefined;
}
