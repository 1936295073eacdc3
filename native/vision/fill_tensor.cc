#include "vision/fill_tensor.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "ggml/symbols.h"
#include "kernels/float/panel_matmul.h"

namespace {

constexpr uint64_t kChunkBytes = 8u << 20;

}  // namespace

void fill_tensor(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target) {
  if (source.type == target->type && g.ggml_backend_buffer_is_host(target->buffer)) {
    file.read(source, 0, target->data, static_cast<size_t>(source.bytes));
    return;
  }
  const uint64_t row_bytes = g.ggml_row_size(source.type, source.ne[0]);
  const uint64_t rows = source.bytes / row_bytes;
  const uint64_t rows_at_once = std::max<uint64_t>(1, kChunkBytes / row_bytes);
  const auto to_float = g.ggml_get_type_traits(source.type)->to_float;
  std::vector<char> raw;
  std::vector<float> floats;
  std::vector<ggml_fp16_t> halves;
  size_t target_offset = 0;
  for (uint64_t row = 0; row < rows; row += rows_at_once) {
    const uint64_t count = std::min(rows_at_once, rows - row);
    const size_t values = static_cast<size_t>(count) * static_cast<size_t>(source.ne[0]);
    raw.resize(static_cast<size_t>(count * row_bytes));
    file.read(source, row * row_bytes, raw.data(), raw.size());
    const void* data = raw.data();
    size_t size = raw.size();
    if (source.type != target->type) {
      if (source.type != GGML_TYPE_F32) {
        floats.resize(values);
        to_float(raw.data(), floats.data(), static_cast<int64_t>(values));
        data = floats.data();
      }
      size = values * sizeof(float);
      if (target->type == GGML_TYPE_F16) {
        halves.resize(values);
        g.ggml_fp32_to_fp16_row(static_cast<const float*>(data), halves.data(), static_cast<int64_t>(values));
        data = halves.data();
        size = values * sizeof(ggml_fp16_t);
      }
    }
    g.ggml_backend_tensor_set(target, data, target_offset, size);
    target_offset += size;
  }
}

void fill_panels(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target) {
  const auto bytes = static_cast<size_t>(source.bytes);
  const std::unique_ptr<char[]> raw(new char[bytes]);
  file.read(source, 0, raw.get(), bytes);
  PanelMatmul::pack(source.type, raw.get(), source.ne[0], source.ne[1], target->data);
}
