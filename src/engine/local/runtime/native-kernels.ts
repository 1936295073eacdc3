/** Our kernels for CPUs, one operation alone, for comparing them with other arithmetic. */
export interface NativeKernels {
  /**
   * Attention to a float16 KV cache. Float16 numbers are bits.
   * @param options.queries float32 [heads, rows, width]; the width is a multiple of 8, up to 256 for our kernel
   * @param options.keys and `values`: float16 [keyHeads, positions, width]
   * @param options.mask float16 [rows, positions], added to the scores
   * @returns float32 [rows, heads, width]
   * @throws INVALID_ARGUMENT
   */
  attendCached(options: {
    width: number;
    heads: number;
    keyHeads: number;
    rows: number;
    positions: number;
    queries: Float32Array;
    keys: Uint16Array;
    values: Uint16Array;
    mask: Uint16Array;
    threads: number;
  }): Float32Array;
  /**
   * Multiplication by weights.
   * @param options.weights rows of weights as files have them, one for each output
   * @param options.rows float32 [count, inputs], row by row
   * @returns float32 [count, outputs]
   * @throws INVALID_ARGUMENT, for quantised weights also where this processor lacks AVX2
   */
  multiply(options: {
    type: 'Q4_0' | 'Q4_K' | 'Q6_K' | 'F32' | 'F16' | 'BF16';
    inputs: number;
    weights: Uint8Array;
    rows: Float32Array;
    threads: number;
  }): Float32Array;
}
