#include "panel_multiplication.h"

#include <algorithm>
#include <new>
#include <thread>

#include "share_work.h"
#include "symbols.h"
#include "tensor_rows.h"

namespace {

using quantised_panels::kBlock;
using quantised_panels::kOutputs;
using quantised_panels::kRows;
using quantised_panels::WeightBlock;
using quantised_panels::WeightRows;

constexpr int64_t kTile = kRows * kOutputs;

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
  const ggml_tensor* weights = operation_->src[0];
  const int64_t count = operation_->src[1]->ne[1];
  const int64_t blocks = weights->ne[0] / kBlock;
  const int64_t tiles = divide_up(count, kRows);
  thread_local std::vector<WeightBlock> panel;
  thread_local std::vector<float> sums;
  panel.resize(static_cast<size_t>(blocks));
  sums.resize(static_cast<size_t>(tiles * kTile));
  share_work(next_panel_, divide_up(weights->ne[1], kOutputs), threads, [&](int64_t index) {
    const int64_t first = index * kOutputs;
    const int64_t width = std::min(kOutputs, weights->ne[1] - first);
    const WeightRows source{weights->type, row_of<const char>(weights, first), weights->nb[1], width};
    if (tiles == 1) {
      quantised_panels::multiply_few(source, rounded_.tile(0, blocks), count, blocks, sums.data());
    } else {
      quantised_panels::unpack_weights(source, blocks, panel.data());
      for (int64_t tile = 0; tile < tiles; ++tile)
        quantised_panels::multiply(weights->type, panel.data(), rounded_.tile(tile, blocks), blocks,
                                   sums.data() + tile * kTile);
    }
    for (int64_t row = 0; row < count; ++row)
      std::copy_n(sums.data() + row * kOutputs, width, row_of<float>(operation_, row) + first);
  });
}
