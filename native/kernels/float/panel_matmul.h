#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml/symbols.h"

/**
 * Multiplication by a matrix of weights on x86 processors with AVX2. ggml's own kernels for float16, as they
 * are shipped, take twice as long and round the activations to float16; this one keeps them float32.
 *
 * Weights lie in panels: 16 outputs side by side, input by input, so that one step of the kernel reads what
 * stands together. Outputs that fill no panel are padded with zeros.
 */
class PanelMatmul {
 public:
  static constexpr int64_t kPanel = 16;

  /** Whether this processor can, and the type is one of float32, float16 and bfloat16. */
  static bool supports(ggml_type type);

  /** Outputs with padding: rows of a tensor [in, rows] that holds the panels. */
  static int64_t padded(int64_t out) { return (out + kPanel - 1) / kPanel * kPanel; }

  /** Lays `out` rows of `in` numbers, as files have them, out in panels. */
  static void pack(ggml_type type, const void* rows, int64_t in, int64_t out, void* panels);

  /** Numbers of scratch space for so many threads; one space serves all multiplications of a graph. */
  static size_t scratch_size(int threads);

  /**
   * @param panels [in, padded(out)], in host memory
   * @param bias float32 [out], in host memory
   * @param scratch for `threads`, the most that will ever compute at once; all three outlive this
   */
  PanelMatmul(const ggml_tensor* panels, const ggml_tensor* bias, float* scratch, int threads)
      : panels_(panels), bias_(bias), scratch_(scratch), threads_(threads) {}

  /** Adds weights · rows + bias to a graph that this outlives: [in, rows] → [out, rows], both float32. */
  ggml_tensor* apply(ggml_context* context, ggml_tensor* rows);

 private:
  static void compute(ggml_tensor* target, int thread, int threads, void* self);

  const ggml_tensor* panels_;
  const ggml_tensor* bias_;
  float* scratch_;
  int threads_;
};
