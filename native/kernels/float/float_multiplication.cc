#include "kernels/float/float_multiplication.h"

#include <algorithm>
#include <cstring>

#include "ggml/symbols.h"
#include "kernels/dot_tile.h"

#ifdef LLAVA_X86

namespace {

constexpr int64_t kPanel = 16;  // outputs whose weights stay in a cache while all rows are multiplied by them

/** Four outputs of so many rows; behind the last output it is taken again. */
template <class Type, int64_t Rows>
LLAVA_AVX2 void multiply_tile(const ggml_tensor* operation, int64_t row, int64_t output) {
  using Stored = typename Type::Stored;
  const ggml_tensor* weights = operation->src[0];
  const int64_t width = std::min(kDotOthers, weights->ne[1] - output);
  const float* rows[Rows];
  const Stored* others[kDotOthers];
  for (int64_t i = 0; i < Rows; ++i) rows[i] = row_of<const float>(operation->src[1], row + i);
  for (int64_t i = 0; i < kDotOthers; ++i)
    others[i] = row_of<const Stored>(weights, output + std::min(i, width - 1));
  __m128 products[Rows];
  dot_four<Type, Rows>(rows, others, weights->ne[0], products);
  for (int64_t i = 0; i < Rows; ++i)
    std::memcpy(row_of<float>(operation, row + i) + output, &products[i],
                static_cast<size_t>(width) * sizeof(float));
}

template <class Type>
void multiply_panel(const ggml_tensor* operation, int64_t panel) {
  const int64_t end = std::min((panel + 1) * kPanel, operation->ne[0]);
  const int64_t count = operation->ne[1];
  for (int64_t row = 0; row < count; row += kDotRows) {
    for (int64_t output = panel * kPanel; output < end; output += kDotOthers) {
      switch (count - row) {
        case 1: multiply_tile<Type, 1>(operation, row, output); break;
        case 2: multiply_tile<Type, 2>(operation, row, output); break;
        default: multiply_tile<Type, kDotRows>(operation, row, output);
      }
    }
  }
}

using MultiplyPanel = void (*)(const ggml_tensor*, int64_t);

MultiplyPanel multiply_panel_for(ggml_type type) {
  switch (type) {
#define LLAVA_CASE(name, Type) \
  case GGML_TYPE_##name: return multiply_panel<Type>;
    LLAVA_FLOAT_TYPES(LLAVA_CASE)
#undef LLAVA_CASE
    default: return nullptr;
  }
}

}  // namespace

bool FloatMultiplication::supports(const ggml_tensor* operation) {
  static const bool can = avx2::is_here();
  if (!can || operation->op != GGML_OP_MUL_MAT) return false;
  const ggml_tensor* weights = operation->src[0];
  const ggml_tensor* rows = operation->src[1];
  return multiply_panel_for(weights->type) != nullptr && weights->ne[0] % 8 == 0 && is_matrix(weights) &&
         weights->nb[0] == g.ggml_type_size(weights->type) && is_matrix(rows) &&
         rows->type == GGML_TYPE_F32 && rows->nb[0] == sizeof(float) && operation->type == GGML_TYPE_F32;
}

bool FloatMultiplication::compute(int, int threads) noexcept {
  const int64_t panels = (operation_->ne[0] + kPanel - 1) / kPanel;
  const MultiplyPanel multiply = multiply_panel_for(operation_->src[0]->type);
  share_work(next_, panels, threads, [&](int64_t panel) { multiply(operation_, panel); });
  return true;
}

#else

bool FloatMultiplication::supports(const ggml_tensor*) { return false; }
bool FloatMultiplication::compute(int, int) noexcept { return false; }

#endif
