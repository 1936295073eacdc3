#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"

inline bool is_matrix(const ggml_tensor* tensor) { return tensor->ne[2] == 1 && tensor->ne[3] == 1; }

/** A row of a matrix in host memory. */
template <class Value>
Value* row_of(const ggml_tensor* matrix, int64_t index) {
  return reinterpret_cast<Value*>(static_cast<char*>(matrix->data) +
                                  static_cast<size_t>(index) * matrix->nb[1]);
}
