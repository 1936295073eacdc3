/**
 * Number formats that llama.cpp repacks for a CPU: it keeps its own copy of such matrices, in another order.
 * Source: llama.cpp v0.5.0, ggml-cpu/repack.cpp, `ggml_repack_get_optimal_repack_type`, and ggml-cpu/amx.
 * @param features instruction sets of the loaded kernels, as llama.cpp names them
 */
export function repackedTypes(features: ReadonlySet<string>): ReadonlySet<string> {
  const types = new Set<string>();
  const add = (...names: string[]) => {
    for (const name of names) types.add(name);
  };
  if (features.has('AVX2')) add('q4_0', 'q4_K', 'iq4_nl', 'mxfp4');
  if (features.has('AVX512')) add('q2_K');
  if (features.has('AMX_INT8')) add('q4_0', 'q4_1', 'q8_0', 'q4_K', 'q5_K', 'q6_K', 'iq4_xs');
  if (features.has('DOTPROD')) add('q4_0', 'q4_K', 'q5_K', 'q6_K', 'q8_0', 'iq4_nl', 'mxfp4');
  return types;
}

/** The instruction sets to plan with when no kernels are loaded: those of nearly every machine of its kind. */
export function usualCpuFeatures(arch: string = process.arch): ReadonlySet<string> {
  return new Set(arch === 'x64' ? ['AVX2'] : arch === 'arm64' ? ['DOTPROD'] : []);
}
