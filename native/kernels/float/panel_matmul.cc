#include "kernels/float/panel_matmul.h"

#include <algorithm>

#include "kernels/float_types.h"
#include "kernels/graph_operation.h"

namespace {

constexpr int64_t kPanel = PanelMatmul::kPanel;
constexpr int64_t kTile = 6;      // rows at once: 6 x 16 sums fill the 16 vector registers
constexpr int64_t kDepth = 1024;   // inputs at once: their part of a panel stays in the first cache
constexpr int64_t kTiles = 8;    // tiles at once: they stay in the second
constexpr int64_t kScratch = kTiles * kTile * kDepth;

/** See `add_tile_of`. */
using AddTile = void (*)(const float*, const void*, int64_t, const float*, int64_t, float*, int64_t);

#ifdef LLAVA_X86

/**
 * Adds to a tile of 6 x 16 sums: `rows` holds `depth` times 6 numbers, `weights` `depth` times 16.
 * The sums are read at `from` and written to `to`, a row each stride floats; stride 0 reads one row for all.
 */
template <class Type>
LLAVA_AVX2 void add_tile_of(const float* rows, const void* weights, int64_t depth, const float* from,
                            int64_t from_stride, float* to, int64_t to_stride) {
  const auto* panel = static_cast<const typename Type::Stored*>(weights);
  __m256 left[kTile];
  __m256 right[kTile];
  LLAVA_UNROLL
  for (int64_t row = 0; row < kTile; ++row) {
    left[row] = _mm256_loadu_ps(from + row * from_stride);
    right[row] = _mm256_loadu_ps(from + row * from_stride + 8);
  }
  for (int64_t k = 0; k < depth; ++k, rows += kTile, panel += kPanel) {
    const __m256 weights_left = Type::load(panel);
    const __m256 weights_right = Type::load(panel + 8);
    LLAVA_UNROLL
    for (int64_t row = 0; row < kTile; ++row) {
      const __m256 value = _mm256_broadcast_ss(rows + row);
      left[row] = _mm256_fmadd_ps(value, weights_left, left[row]);
      right[row] = _mm256_fmadd_ps(value, weights_right, right[row]);
    }
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < kTile; ++row) {
    _mm256_storeu_ps(to + row * to_stride, left[row]);
    _mm256_storeu_ps(to + row * to_stride + 8, right[row]);
  }
}

/** The same numbers, added in the same order, a panel's width at once. */
template <class Type>
LLAVA_AVX512 void add_wide_tile_of(const float* rows, const void* weights, int64_t depth, const float* from,
                                   int64_t from_stride, float* to, int64_t to_stride) {
  const auto* panel = static_cast<const typename Type::Stored*>(weights);
  __m512 sums[kTile];
  LLAVA_UNROLL
  for (int64_t row = 0; row < kTile; ++row) sums[row] = _mm512_loadu_ps(from + row * from_stride);
  for (int64_t k = 0; k < depth; ++k, rows += kTile, panel += kPanel) {
    const __m512 values = Type::load_wide(panel);
    LLAVA_UNROLL
    for (int64_t row = 0; row < kTile; ++row)
      sums[row] = _mm512_fmadd_ps(_mm512_set1_ps(rows[row]), values, sums[row]);
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < kTile; ++row) _mm512_storeu_ps(to + row * to_stride, sums[row]);
}

template <class Type>
AddTile add_tile_here() {
  static const bool is_wide = avx512::is_here();
  return is_wide ? add_wide_tile_of<Type> : add_tile_of<Type>;
}

AddTile add_tile_for(ggml_type type) {
  switch (type) {
#define LLAVA_CASE(name, Type) \
  case GGML_TYPE_##name: return add_tile_here<Type>();
    LLAVA_FLOAT_TYPES(LLAVA_CASE)
#undef LLAVA_CASE
    default: return nullptr;
  }
}

#else

AddTile add_tile_for(ggml_type) { return nullptr; }

#endif

/** Six rows side by side, input by input; rows behind the last are zeros. */
void pack_tile(const ggml_tensor* rows, int64_t first, int64_t from, int64_t depth, float* tile) {
  for (int64_t row = 0; row < kTile; ++row) {
    if (first + row >= rows->ne[1]) {
      for (int64_t k = 0; k < depth; ++k) tile[k * kTile + row] = 0.0f;
      continue;
    }
    const float* values = row_of<const float>(rows, first + row) + from;
    for (int64_t k = 0; k < depth; ++k) tile[k * kTile + row] = values[k];
  }
}

/** Where the sums of a multiplication are. */
struct Product {
  AddTile add_tile;
  const float* bias;
  ggml_tensor* target;

  /** Adds what a part of the inputs gives to the tile at this place; the first part begins with the bias. */
  void add(const float* rows, const void* panel, int64_t depth, int64_t row, int64_t column,
           bool is_first) const {
    const auto stride = static_cast<int64_t>(target->nb[1] / sizeof(float));
    float* sums = static_cast<float*>(target->data) + row * stride + column;
    const int64_t height = std::min(kTile, target->ne[1] - row);
    const int64_t width = std::min(kPanel, target->ne[0] - column);
    if (height == kTile && width == kPanel) {
      add_tile(rows, panel, depth, is_first ? bias + column : sums, is_first ? 0 : stride, sums, stride);
      return;
    }
    float edge[kTile * kPanel] = {};
    for (int64_t y = 0; y < height; ++y)
      std::copy_n(is_first ? bias + column : sums + y * stride, width, edge + y * kPanel);
    add_tile(rows, panel, depth, edge, kPanel, edge, kPanel);
    for (int64_t y = 0; y < height; ++y) std::copy_n(edge + y * kPanel, width, sums + y * stride);
  }
};

template <class Stored>
void pack_numbers(const void* rows, int64_t in, int64_t out, void* panels) {
  const auto* source = static_cast<const Stored*>(rows);
  auto* target = static_cast<Stored*>(panels);
  for (int64_t first = 0; first < out; first += kPanel, target += kPanel * in) {
    for (int64_t column = 0; column < kPanel; ++column) {
      const bool is_padding = first + column >= out;
      const Stored* row = is_padding ? nullptr : source + (first + column) * in;
      for (int64_t k = 0; k < in; ++k) target[k * kPanel + column] = is_padding ? Stored{} : row[k];
    }
  }
}

}  // namespace

bool PanelMatmul::supports(ggml_type type) {
  static const bool can = avx2::is_here();
  return can && add_tile_for(type) != nullptr;
}

void PanelMatmul::pack(ggml_type type, const void* rows, int64_t in, int64_t out, void* panels) {
  if (type == GGML_TYPE_F32) {
    pack_numbers<float>(rows, in, out, panels);
  } else {
    pack_numbers<uint16_t>(rows, in, out, panels);
  }
}

size_t PanelMatmul::scratch_size(int threads) { return static_cast<size_t>(threads * kScratch); }

ggml_tensor* PanelMatmul::apply(ggml_context* context, ggml_tensor* rows) {
  const int64_t out = bias_->ne[0];
  return g.ggml_custom_4d(context, GGML_TYPE_F32, out, rows->ne[1], 1, 1, &rows, 1, compute, threads_, this);
}

/** Each thread takes its share of the rows, and of those as many at once as its caches hold. */
void PanelMatmul::compute(ggml_tensor* target, int thread, int threads, void* self) {
  const auto& matmul = *static_cast<const PanelMatmul*>(self);
  const ggml_tensor* rows = target->src[0];
  const int64_t in = rows->ne[0];
  const int64_t tiles = (rows->ne[1] + kTile - 1) / kTile;
  const int64_t end = tiles * (thread + 1) / threads;
  float* packed = matmul.scratch_ + thread * kScratch;
  const auto* bias = static_cast<const float*>(matmul.bias_->data);
  const Product product{add_tile_for(matmul.panels_->type), bias, target};
  const auto* panels = static_cast<const char*>(matmul.panels_->data);
  const auto size = static_cast<int64_t>(g.ggml_type_size(matmul.panels_->type));
  for (int64_t first = tiles * thread / threads; first < end; first += kTiles) {
    const int64_t count = std::min(kTiles, end - first);
    for (int64_t from = 0; from < in; from += kDepth) {
      const int64_t depth = std::min(kDepth, in - from);
      for (int64_t tile = 0; tile < count; ++tile)
        pack_tile(rows, (first + tile) * kTile, from, depth, packed + tile * kTile * kDepth);
      for (int64_t column = 0; column < target->ne[0]; column += kPanel) {
        const void* panel = panels + (column * in + from * kPanel) * size;
        for (int64_t tile = 0; tile < count; ++tile)
          product.add(packed + tile * kTile * kDepth, panel, depth, (first + tile) * kTile, column,
                      from == 0);
      }
    }
  }
}
