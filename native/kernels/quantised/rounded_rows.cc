#include "kernels/quantised/rounded_rows.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/instruction_sets.h"

namespace quantised_panels {

#ifdef LLAVA_X86

namespace {

/** Rounds 32 numbers to 8 bits by the largest, as ggml's Q8_0 does, but for the scale, which stays float32. */
LLAVA_AVX2 LLAVA_INLINE void round_block(const float* from, int64_t row, RowBlock& block) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 numbers[4];
  __m256 largest = _mm256_setzero_ps();
  LLAVA_UNROLL
  for (int i = 0; i < 4; ++i) {
    numbers[i] = _mm256_loadu_ps(from + i * 8);
    largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, numbers[i]));
  }
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, largest);
  const float most = *std::max_element(lanes, lanes + 8);
  const __m256 factor = _mm256_set1_ps(most > 0.0f ? 127.0f / most : 0.0f);
  alignas(32) int32_t rounded[kBlock];
  LLAVA_UNROLL
  for (int i = 0; i < 4; ++i) {
    const __m256i values = _mm256_cvtps_epi32(_mm256_mul_ps(numbers[i], factor));
    _mm256_store_si256(reinterpret_cast<__m256i*>(rounded + i * 8), values);
  }
  for (int64_t k = 0; k < kBlock; ++k) block.values[k / 4][row][k % 4] = static_cast<int8_t>(rounded[k]);
  const float scale = most / 127.0f;
  const auto sum = [&](int64_t start, int64_t end) {
    return scale * static_cast<float>(std::accumulate(rounded + start, rounded + end, 0));
  };
  block.scale[row] = scale;
  block.sum[row] = sum(0, kBlock);
  block.half_sum[0][row] = sum(0, kBlock / 2);
  block.half_sum[1][row] = sum(kBlock / 2, kBlock);
}

LLAVA_AVX2 void round_row(const float* from, int64_t row, int64_t blocks, RowBlock* tile) {
  for (int64_t b = 0; b < blocks; ++b) round_block(from + b * kBlock, row, tile[b]);
}

}  // namespace

void round_rows(const void* rows, size_t stride, int64_t inputs, int64_t count, RowBlock* tile) {
  const int64_t blocks = inputs / kBlock;
  if (count < kRows) std::memset(static_cast<void*>(tile), 0, static_cast<size_t>(blocks) * sizeof(RowBlock));
  for (int64_t row = 0; row < count; ++row) {
    const char* from = static_cast<const char*>(rows) + static_cast<size_t>(row) * stride;
    round_row(reinterpret_cast<const float*>(from), row, blocks, tile);
  }
}

#else

void round_rows(const void*, size_t, int64_t, int64_t, RowBlock*) {}

#endif

}  // namespace quantised_panels
