#pragma once

#include <memory>

#include "ggml.h"
#include "kernels/graph_operation.h"
#include "kernels/quantised/panel_multiplication.h"

/** Chooses the kernel for each operation of one graph, asked in the graph's order. Outlives what it has chosen. */
class KernelDispatch {
 public:
  /**
   * @param operation outlives what is returned
   * @param are_weights_ours whether its weights are where llama.cpp has left quantised ones to us, as they are in the file
   * @return nullptr when ggml is to compute it
   * @throws std::bad_alloc
   */
  std::unique_ptr<GraphOperation> choose(const ggml_tensor* operation, bool are_weights_ours);

 private:
  RoundedActivations rounded_;
  const ggml_tensor* last_rows_ = nullptr;
};
