/** A CPU, and what computes on it. */
export interface CpuKernels {
  /** Instruction sets of the loaded kernels, as llama.cpp names them. */
  readonly cpuFeatures: ReadonlySet<string>;
  /** Whether weights of some types are multiplied by kernels of our own: {@link OWN_TYPES}. */
  readonly hasOwnKernels: boolean;
}

/** What our kernels multiply by as it is in the file: native/kernels/weight_types.h. */
const OWN_TYPES = ['q4_0', 'q4_K', 'q6_K'];

/**
 * Number formats that llama.cpp repacks for a CPU: it keeps its own copy of such matrices, in another order.
 * Source: llama.cpp v0.5.0, ggml-cpu/repack.cpp, `ggml_repack_get_optimal_repack_type`, and ggml-cpu/amx.
 */
export function repackedTypes({ cpuFeatures, hasOwnKernels }: CpuKernels): ReadonlySet<string> {
  const types = new Set<string>();
  const add = (...names: string[]) => {
    for (const name of names) types.add(name);
  };
  if (cpuFeatures.has('AVX2')) add('q4_0', 'q4_K', 'iq4_nl', 'mxfp4');
  if (cpuFeatures.has('AVX512')) add('q2_K');
  if (cpuFeatures.has('AMX_INT8')) add('q4_0', 'q4_1', 'q8_0', 'q4_K', 'q5_K', 'q6_K', 'iq4_xs');
  if (cpuFeatures.has('DOTPROD')) add('q4_0', 'q4_K', 'q5_K', 'q6_K', 'q8_0', 'iq4_nl', 'mxfp4');
  if (hasOwnKernels) for (const type of OWN_TYPES) types.delete(type);
  return types;
}

/** The CPU to plan with when no kernels are loaded: nearly every machine of its kind. */
export function usualCpu(arch: string = process.arch): CpuKernels {
  if (arch === 'x64') return { cpuFeatures: new Set(['AVX2']), hasOwnKernels: true };
  return { cpuFeatures: new Set(arch === 'arm64' ? ['DOTPROD'] : []), hasOwnKernels: false };
}
