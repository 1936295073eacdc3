#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ggml.h"

/** An operation of a graph that is computed here. All of the graph's threads do it together, each calling once. */
class GraphOperation {
 public:
  GraphOperation() = default;
  virtual ~GraphOperation() = default;
  GraphOperation(const GraphOperation&) = delete;
  GraphOperation& operator=(const GraphOperation&) = delete;

  /** This thread's part. @return false when it had no memory: what was computed is to be thrown away */
  virtual bool compute(int thread, int threads) noexcept = 0;
};

/**
 * Does `work(index)` for each index below `count`, together with the other threads that count in `next`. Each takes half
 * of its share of what is left: neighbours, which processors read ahead, and little at the end, where others would wait.
 */
template <class Work>
void share_work(std::atomic<int64_t>& next, int64_t count, int threads, Work work) {
  int64_t first = next.load();
  while (first < count) {
    const int64_t few = std::max<int64_t>(1, (count - first) / (2 * threads));
    if (!next.compare_exchange_weak(first, first + few)) continue;
    for (int64_t index = first; index < first + few; ++index) work(index);
    first = next.load();
  }
}

inline bool is_matrix(const ggml_tensor* tensor) { return tensor->ne[2] == 1 && tensor->ne[3] == 1; }

/** A row of a matrix in host memory. */
template <class Value>
Value* row_of(const ggml_tensor* matrix, int64_t index) {
  return reinterpret_cast<Value*>(static_cast<char*>(matrix->data) +
                                  static_cast<size_t>(index) * matrix->nb[1]);
}
