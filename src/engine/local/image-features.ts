/** What stands in the prompt where `<image>` stood: `[tokens, width]` float32, row by row. */
export interface ImageFeatures {
  readonly tokens: number;
  readonly width: number;
  readonly values: Float32Array;
  /** What the class token attends to in the tower's last block, one share a row. */
  readonly attention: Float32Array;
}
