#include "kernels/attention/cache_attention.h"

#include <algorithm>
#include <cstring>


namespace {

using attention_tile::kMostWidth;
using attention_tile::kRows;

/** ggml's parameters of the operation. */
struct Parameters {
  float scale;
  float largest_bias;  // of ALiBi
  float softcap;
};

Parameters parameters_of(const ggml_tensor* operation) {
  Parameters parameters;
  std::memcpy(&parameters, operation->op_params, sizeof parameters);
  return parameters;
}

bool is_width(int64_t width) { return width % 8 == 0 && width <= kMostWidth; }

bool is_in_halves(const ggml_tensor* rows) {
  return rows->type == GGML_TYPE_F16 && rows->nb[0] == sizeof(ggml_fp16_t) && is_width(rows->ne[0]);
}

/** Where a row begins; of dimensions that are shared by several, the remainder counts. */
char* row_at(const ggml_tensor* tensor, int64_t row, int64_t plane, int64_t stream) {
  return static_cast<char*>(tensor->data) + static_cast<size_t>(row) * tensor->nb[1] +
         static_cast<size_t>(plane % tensor->ne[2]) * tensor->nb[2] +
         static_cast<size_t>(stream % tensor->ne[3]) * tensor->nb[3];
}

int64_t tiles_of(const ggml_tensor* queries) { return (queries->ne[1] + kRows - 1) / kRows; }

}  // namespace

bool CacheAttention::supports(const ggml_tensor* operation) {
  if (operation->op != GGML_OP_FLASH_ATTN_EXT || !attention_tile::is_supported()) return false;
  const ggml_tensor* queries = operation->src[0];
  const ggml_tensor* mask = operation->src[3];
  const ggml_tensor* sinks = operation->src[4];
  const Parameters parameters = parameters_of(operation);
  return queries->type == GGML_TYPE_F32 && queries->nb[0] == sizeof(float) &&
         is_in_halves(operation->src[1]) && is_in_halves(operation->src[2]) && mask != nullptr &&
         mask->type == GGML_TYPE_F16 && mask->nb[0] == sizeof(ggml_fp16_t) && sinks == nullptr &&
         parameters.largest_bias == 0.0f && parameters.softcap == 0.0f;
}

CacheAttention::CacheAttention(const ggml_tensor* operation)
    : operation_(operation), scale_(parameters_of(operation).scale) {}

bool CacheAttention::compute(int, int threads) noexcept {
  const ggml_tensor* queries = operation_->src[0];
  const int64_t tiles = tiles_of(queries);
  const int64_t heads = queries->ne[2];
  // Tiles of a head follow each other, since they read the same memory.
  share_work(next_, queries->ne[3] * heads * tiles, threads, [&](int64_t index) {
    attend(index / tiles / heads, index / tiles % heads, index % tiles * kRows);
  });
  return true;
}

void CacheAttention::attend(int64_t stream, int64_t head, int64_t first) const {
  const ggml_tensor* queries = operation_->src[0];
  const ggml_tensor* keys = operation_->src[1];
  const ggml_tensor* values = operation_->src[2];
  const int64_t group = queries->ne[2] / keys->ne[2];
  const int64_t value_group = queries->ne[2] / values->ne[2];
  const int64_t key_stream = stream / (queries->ne[3] / keys->ne[3]);
  const int64_t value_stream = stream / (queries->ne[3] / values->ne[3]);
  const attention_tile::Memory memory{row_at(keys, 0, head / group, key_stream),
                                      keys->nb[1],
                                      keys->ne[0],
                                      row_at(values, 0, head / value_group, value_stream),
                                      values->nb[1],
                                      values->ne[0],
                                      keys->ne[1]};
  attention_tile::Queries tile{std::min(kRows, queries->ne[1] - first), {}, {}, {}};
  for (int64_t row = 0; row < tile.count; ++row) {
    tile.query[row] = reinterpret_cast<const float*>(row_at(queries, first + row, head, stream));
    tile.mask[row] = reinterpret_cast<const uint16_t*>(row_at(operation_->src[3], first + row, head, stream));
    // Its heads come before its queries.
    tile.target[row] = reinterpret_cast<float*>(row_at(operation_, head, first + row, stream));
  }
  attention_tile::attend(tile, memory, scale_);
}
