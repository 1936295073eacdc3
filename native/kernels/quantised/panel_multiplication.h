#pragma once

#include <atomic>
#include <vector>

#include "kernels/graph_operation.h"
#include "kernels/quantised/panels.h"

/** Rows of activations, rounded; what several multiplications of a graph share, one after the other. */
class RoundedActivations {
 public:
  /** Makes room for so many rows. @throws std::bad_alloc */
  void reserve(int64_t inputs, int64_t rows);

  /** The tile of three rows, so many blocks long, at this place. */
  quantised_panels::RowBlock* tile(int64_t index, int64_t blocks) { return tiles_.data() + index * blocks; }

 private:
  std::vector<quantised_panels::RowBlock> tiles_;
};

/** A matrix of quantised weights, [in, out] in ggml's order, times rows of float32. */
class PanelMultiplication : public GraphOperation {
 public:
  /** Whether such an operation can be computed here. */
  static bool supports(const ggml_tensor* operation);

  /**
   * @param operation that `supports`; outlives this, as `rounded` does
   * @param rounded with room for the rows
   * @param rounds whether to round them first; not where the operation before has multiplied the same
   */
  PanelMultiplication(const ggml_tensor* operation, RoundedActivations& rounded, bool rounds)
      : operation_(operation), rounded_(rounded), rounds_(rounds) {}

  bool compute(int thread, int threads) noexcept override;

 private:
  void round(int threads);
  void wait_for_all(int threads);
  void multiply(int threads);
  void multiply_few(int64_t panel);
  void multiply_many(int64_t panel);
  void store(const float* sums, int64_t panel) const;
  quantised_panels::WeightRows weights_of(int64_t panel) const;

  const ggml_tensor* operation_;
  RoundedActivations& rounded_;
  bool rounds_;
  std::atomic<int64_t> next_tile_{0};
  std::atomic<int64_t> next_panel_{0};
  std::atomic<int> arrived_{0};
};
