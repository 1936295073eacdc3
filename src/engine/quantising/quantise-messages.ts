/** A file to be quantised. Plain data: it crosses processes. */
export interface QuantiseTask {
  /** A GGUF file of float weights. */
  readonly source: string;
  readonly target: string;
  /** llama.cpp's number of the format: `llama_ftype`. */
  readonly type: number;
  /** Default: the physical cores. */
  readonly threads: number | undefined;
  /** How much each column of a matrix matters, by the matrix's name. */
  readonly importance: readonly (readonly [matrix: string, values: Float32Array])[];
  /** Keys that the new file has beside those of the old one. */
  readonly keys: readonly (readonly [name: string, value: string | number])[];
}

/** What the process answers when it is done, or why llama.cpp gave up. */
export type QuantiseAnswer = { readonly ok: true } | { readonly ok: false; readonly problem: string };
