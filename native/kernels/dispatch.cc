#include "kernels/dispatch.h"

#include "kernels/attention/cache_attention.h"
#include "kernels/float/float_multiplication.h"

std::unique_ptr<GraphOperation> KernelDispatch::choose(const ggml_tensor* operation, bool are_weights_ours) {
  if (CacheAttention::supports(operation)) return std::make_unique<CacheAttention>(operation);
  if (FloatMultiplication::supports(operation)) return std::make_unique<FloatMultiplication>(operation);
  if (!are_weights_ours || !PanelMultiplication::supports(operation)) return nullptr;
  const ggml_tensor* rows = operation->src[1];
  rounded_.reserve(rows->ne[0], rows->ne[1]);
  // Several matrices of a model share their input.
  const bool is_rounded = rows == last_rows_;
  last_rows_ = rows;
  return std::make_unique<PanelMultiplication>(operation, rounded_, !is_rounded);
}
