/**
 * The instruction sets that the loaded CPU kernels use, such as `AVX2`.
 * @param systemInfo llama.cpp's own line: `CPU : SSE3 = 1 | AVX = 1 | …`; several backends follow each other
 */
export function parseCpuFeatures(systemInfo: string): ReadonlySet<string> {
  const cpu = /(?:^|\| )CPU : ([^:]*)/.exec(systemInfo)?.[1] ?? '';
  return new Set([...cpu.matchAll(/(\w+) = 1/g)].map((match) => match[1] ?? ''));
}
