#include "kernels/quantised/panel_multiplication.h"

#include <algorithm>
#include <new>
#include <thread>

#include "ggml/symbols.h"

namespace {

using quantised_panels::kBlock;
using quantised_panels::kOutputs;
using quantised_panels::kRows;
using quantised_panels::WeightBlock;
using quantised_panels::WeightRows;

constexpr int64_t kTile = kRows * kOutputs;
constexpr int64_t kDepth = 16;  // blocks at once: their part of a panel stays in the first cache

int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

}  // namespace

void RoundedActivations::reserve(int64_t inputs, int64_t rows) {
  const auto needed = static_cast<size_t>(inputs / kBlock * divide_up(rows, kRows));
  if (tiles_.size() < needed) tiles_.resize(needed);
}

bool PanelMultiplication::supports(const ggml_tensor* operation) {
  if (operation->op != GGML_OP_MUL_MAT) return false;
  const ggml_tensor* weights = operation->src[0];
  const ggml_tensor* rows = operation->src[1];
  return quantised_panels::supports(weights->type) && is_matrix(weights) &&
         weights->nb[1] == g.ggml_row_size(weights->type, weights->ne[0]) && rows->type == GGML_TYPE_F32 &&
         is_matrix(rows) && rows->nb[0] == sizeof(float) && operation->type == GGML_TYPE_F32;
}

bool PanelMultiplication::compute(int, int threads) noexcept {
  try {
    if (rounds_) {
      round(threads);
      wait_for_all(threads);
    }
    multiply(threads);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void PanelMultiplication::round(int threads) {
  const ggml_tensor* rows = operation_->src[1];
  const int64_t blocks = rows->ne[0] / kBlock;
  share_work(next_tile_, divide_up(rows->ne[1], kRows), threads, [&](int64_t tile) {
    const int64_t first = tile * kRows;
    quantised_panels::round_rows(row_of<const char>(rows, first), rows->nb[1], rows->ne[0],
                                 std::min(kRows, rows->ne[1] - first), rounded_.tile(tile, blocks));
  });
}

/** All of a graph's threads run at once, and come here within microseconds. */
void PanelMultiplication::wait_for_all(int threads) {
  arrived_.fetch_add(1);
  while (arrived_.load() < threads) std::this_thread::yield();
}

void PanelMultiplication::multiply(int threads) {
  const bool are_few = operation_->ne[1] <= kRows;
  share_work(next_panel_, divide_up(operation_->ne[0], kOutputs), threads, [&](int64_t panel) {
    if (are_few) {
      multiply_few(panel);
    } else {
      multiply_many(panel);
    }
  });
}

WeightRows PanelMultiplication::weights_of(int64_t panel) const {
  const ggml_tensor* weights = operation_->src[0];
  const int64_t first = panel * kOutputs;
  return {weights->type, row_of<const char>(weights, first), weights->nb[1],
          std::min(kOutputs, weights->ne[1] - first)};
}

void PanelMultiplication::multiply_few(int64_t panel) {
  const int64_t blocks = operation_->src[0]->ne[0] / kBlock;
  float sums[kTile];
  quantised_panels::multiply_few(weights_of(panel), rounded_.tile(0, blocks), operation_->ne[1], blocks,
                                 sums);
  store(sums, panel);
}

void PanelMultiplication::multiply_many(int64_t panel) {
  const ggml_type type = operation_->src[0]->type;
  const int64_t blocks = operation_->src[0]->ne[0] / kBlock;
  const int64_t tiles = divide_up(operation_->ne[1], kRows);
  thread_local std::vector<WeightBlock> weights;
  thread_local std::vector<float> sums;
  weights.resize(static_cast<size_t>(blocks));
  sums.assign(static_cast<size_t>(tiles * kTile), 0.0f);
  const WeightRows source = weights_of(panel);
  quantised_panels::unpack_weights(source, blocks, weights.data());
  // The next panel's weights come from memory meanwhile, which would rest otherwise.
  const size_t size = static_cast<size_t>(kOutputs) * source.stride;
  const char* next = static_cast<const char*>(source.first) + size;
  const size_t share = size / static_cast<size_t>(tiles * divide_up(blocks, kDepth)) + 1;
  for (int64_t from = 0; from < blocks; from += kDepth)
    for (int64_t tile = 0; tile < tiles; ++tile, next += share) {
      quantised_panels::prefetch(next, share);
      quantised_panels::multiply(type, weights.data() + from, rounded_.tile(tile, blocks) + from,
                                 std::min(kDepth, blocks - from), sums.data() + tile * kTile);
    }
  store(sums.data(), panel);
}

/** Puts a panel's sums where they belong; whole rows of them without a call. */
void PanelMultiplication::store(const float* sums, int64_t panel) const {
  const int64_t first = panel * kOutputs;
  const int64_t width = std::min(kOutputs, operation_->ne[0] - first);
  for (int64_t row = 0; row < operation_->ne[1]; ++row, sums += kOutputs) {
    float* to = row_of<float>(operation_, row) + first;
    if (width == kOutputs) {
      std::copy_n(sums, kOutputs, to);
    } else {
      std::copy_n(sums, width, to);
    }
  }
}
