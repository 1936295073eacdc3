#pragma once

#include <atomic>

#include "ggml.h"
#include "kernels/attention/attention_tile.h"
#include "kernels/graph_operation.h"

/** ggml's fused attention over keys and values in float16, as llama.cpp's KV cache has them. */
class CacheAttention : public GraphOperation {
 public:
  /** Whether such an operation can be computed here. */
  static bool supports(const ggml_tensor* operation);

  /** @param operation that `supports`; outlives this */
  explicit CacheAttention(const ggml_tensor* operation);

  bool compute(int thread, int threads) noexcept override;

 private:
  void attend(int64_t stream, int64_t head, int64_t first) const;

  const ggml_tensor* operation_;
  float scale_;
  std::atomic<int64_t> next_{0};
};
