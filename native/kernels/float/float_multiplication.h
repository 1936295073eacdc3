#pragma once

#include <atomic>

#include "ggml.h"
#include "kernels/graph_operation.h"

/**
 * A matrix of F32, F16 or BF16 weights, [in, out] in ggml's order, times rows of float32, on x86 processors with AVX2. Unlike
 * ggml's, activations are not rounded, and a row's result is the same to the bit whatever rows are beside it.
 */
class FloatMultiplication : public GraphOperation {
 public:
  /** Whether such an operation can be computed here. */
  static bool supports(const ggml_tensor* operation);

  /** @param operation that `supports`; outlives this */
  explicit FloatMultiplication(const ggml_tensor* operation) : operation_(operation) {}

  bool compute(int thread, int threads) noexcept override;

 private:
  [[maybe_unused]] const ggml_tensor* operation_;  // on x86
  std::atomic<int64_t> next_{0};
};
