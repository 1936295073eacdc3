#include "panel_multiplier.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <type_traits>

namespace {

using quantised_panels::kBlock;
using quantised_panels::kOutputs;
using quantised_panels::kRows;
using quantised_panels::RowBlock;
using quantised_panels::WeightBlock;
using quantised_panels::WeightRows;

constexpr int64_t kTile = kRows * kOutputs;
/** How often a thread comes for more: seldom enough to read on, often enough that none is left alone at the
 * end. */
constexpr int64_t kTurns = 8;

int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

template <class Value>
Value* row_of(const FloatRows<Value>& rows, int64_t index) {
  using Byte = std::conditional_t<std::is_const_v<Value>, const char, char>;
  return reinterpret_cast<Value*>(reinterpret_cast<Byte*>(rows.first) +
                                  static_cast<size_t>(index) * rows.stride);
}

/** Does `work(index, thread)` for each index below `count`; threads take the next few as they are free. */
template <class Work>
void run_parallel(int threads, int64_t count, Work work) {
  // Neighbours are in neighbouring memory, where processors read ahead.
  const int64_t few = std::max<int64_t>(1, count / (threads * kTurns));
  std::atomic<int64_t> next{0};
  const auto take = [&](int thread) {
    for (int64_t first = next.fetch_add(few); first < count; first = next.fetch_add(few))
      for (int64_t index = first; index < std::min(first + few, count); ++index) work(index, thread);
  };
  const int useful = static_cast<int>(std::min<int64_t>(threads, count));
  std::vector<std::thread> others;
  others.reserve(static_cast<size_t>(useful));
  try {
    for (int thread = 1; thread < useful; ++thread) others.emplace_back(take, thread);
  } catch (const std::system_error&) {
    // The system gives no more threads: those that run do it all.
  }
  take(0);
  for (std::thread& other : others) other.join();
}

}  // namespace

void PanelMultiplier::set_threads(int threads) { threads_ = std::max(1, threads); }

/** A view of the same rows may begin at the same place: all of its shape counts. */
bool PanelMultiplier::is_rounded(const FloatRows<const float>& rows, int64_t inputs) const {
  return rounded_.first == rows.first && rounded_.stride == rows.stride && rounded_.count == rows.count &&
         rounded_inputs_ == inputs;
}

void PanelMultiplier::round(const FloatRows<const float>& rows, int64_t inputs) {
  const int64_t blocks = inputs / kBlock;
  const int64_t tiles = divide_up(rows.count, kRows);
  tiles_.resize(static_cast<size_t>(blocks * tiles));
  run_parallel(threads_, tiles, [&](int64_t tile, int) {
    const int64_t first = tile * kRows;
    quantised_panels::round_rows(row_of(rows, first), rows.stride, inputs,
                                 std::min(kRows, rows.count - first), tiles_.data() + tile * blocks);
  });
  rounded_ = rows;
  rounded_inputs_ = inputs;
}

void PanelMultiplier::multiply(const QuantisedMatrix& weights, const FloatRows<const float>& rows,
                               const FloatRows<float>& target) {
  if (!is_rounded(rows, weights.inputs)) round(rows, weights.inputs);
  const int64_t blocks = weights.inputs / kBlock;
  const int64_t tiles = divide_up(rows.count, kRows);
  panels_.resize(static_cast<size_t>(blocks * threads_));
  sums_.resize(static_cast<size_t>(tiles * kTile * threads_));
  run_parallel(threads_, divide_up(weights.outputs, kOutputs), [&](int64_t index, int thread) {
    const int64_t first = index * kOutputs;
    const int64_t width = std::min(kOutputs, weights.outputs - first);
    const char* start = static_cast<const char*>(weights.first) + static_cast<size_t>(first) * weights.stride;
    const WeightRows source{weights.type, start, weights.stride, width};
    float* sums = sums_.data() + thread * tiles * kTile;
    if (tiles == 1) {
      quantised_panels::multiply_few(source, tiles_.data(), rows.count, blocks, sums);
    } else {
      WeightBlock* panel = panels_.data() + thread * blocks;
      quantised_panels::unpack_weights(source, blocks, panel);
      for (int64_t tile = 0; tile < tiles; ++tile)
        quantised_panels::multiply(weights.type, panel, tiles_.data() + tile * blocks, blocks,
                                   sums + tile * kTile);
    }
    for (int64_t row = 0; row < rows.count; ++row)
      std::copy_n(sums + row * kOutputs, width, row_of(target, row) + first);
  });
}
