#pragma once

#include <vector>

#include "quantised_panels.h"

/** Rows of float32, so many bytes apart. */
template <class Value>
struct FloatRows {
  Value* first;
  size_t stride;
  int64_t count;
};

/** Rows of quantised weights as files have them, so many bytes apart: one for each output. */
struct QuantisedMatrix {
  ggml_type type;
  const void* first;
  size_t stride;
  int64_t inputs;  // a multiple of the type's block
  int64_t outputs;
};

/** Multiplies by whole matrices, on several threads, with space that it keeps. Not for callers side by side. */
class PanelMultiplier {
 public:
  void set_threads(int threads);

  /** What was multiplied may have changed: it is rounded anew. */
  void forget() { rounded_ = {}; }

  /**
   * weights · rows → target, of as many rows. Rows that were multiplied right before are not rounded again,
   * since several matrices of a model share their input; see `forget`.
   * @throws std::bad_alloc
   */
  void multiply(const QuantisedMatrix& weights, const FloatRows<const float>& rows,
                const FloatRows<float>& target);

 private:
  bool is_rounded(const FloatRows<const float>& rows, int64_t inputs) const;
  void round(const FloatRows<const float>& rows, int64_t inputs);

  int threads_ = 1;
  FloatRows<const float> rounded_{};
  int64_t rounded_inputs_ = 0;
  std::vector<quantised_panels::RowBlock> tiles_;
  std::vector<quantised_panels::WeightBlock> panels_;
  std::vector<float> sums_;
};
