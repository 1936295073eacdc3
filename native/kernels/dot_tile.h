#pragma once

#include "kernels/float_types.h"

#ifdef LLAVA_X86

constexpr int64_t kDotRows = 3;  // 3 x 4 sums, four others and a row fill the 16 vector registers
constexpr int64_t kDotOthers = 4;

LLAVA_AVX2 LLAVA_INLINE __m128 add_lanes(const __m256* four) {
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(four[0], four[1]), _mm256_hadd_ps(four[2], four[3]));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

/**
 * Dot products of 1 to 3 rows with four others, `count` numbers long, a multiple of 8. A product is the same to the bit
 * whatever rows are beside it.
 * @param products of each row, four
 */
template <class Type, int64_t Rows>
LLAVA_AVX2 LLAVA_INLINE void dot_four(const float* const* rows, const typename Type::Stored* const* others,
                                      int64_t count, __m128* products) {
  __m256 sums[Rows][kDotOthers];
  LLAVA_UNROLL
  for (int64_t row = 0; row < Rows; ++row) {
    LLAVA_UNROLL
    for (int64_t i = 0; i < kDotOthers; ++i) sums[row][i] = _mm256_setzero_ps();
  }
  LLAVA_KEEP_LOOP
  for (int64_t at = 0; at < count; at += 8) {
    __m256 parts[kDotOthers];
    LLAVA_UNROLL
    for (int64_t i = 0; i < kDotOthers; ++i) parts[i] = Type::load(others[i] + at);
    LLAVA_UNROLL
    for (int64_t row = 0; row < Rows; ++row) {
      const __m256 numbers = _mm256_loadu_ps(rows[row] + at);
      LLAVA_UNROLL
      for (int64_t i = 0; i < kDotOthers; ++i)
        sums[row][i] = _mm256_fmadd_ps(parts[i], numbers, sums[row][i]);
    }
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < Rows; ++row) products[row] = add_lanes(sums[row]);
}

#endif
