#pragma once

#include <cstring>
#include <type_traits>

#include "kernels/quantised/blocks.h"

/** How products of 8 bits are summed in AVX2: for quantised_panels.cc and quantised_tile.cc. */
namespace quantised_panels {

#ifdef LLAVA_X86

LLAVA_AVX2 LLAVA_INLINE __m256i sum_pairs(__m256i products) {
  return _mm256_madd_epi16(products, _mm256_set1_epi16(1));
}

/** Products of weights below 16: those of eight groups fit 16 bits, 8 x 2 x 15 x 127 is 30,480. */
struct NarrowSums {
  static constexpr int64_t kStep = 1;
  static LLAVA_AVX2 LLAVA_INLINE __m256i add(__m256i sums, const __m256i* weights, int64_t,
                                             const __m256i* row) {
    return _mm256_add_epi16(sums, _mm256_maddubs_epi16(weights[0], row[0]));
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256i whole(__m256i sums) { return sum_pairs(sums); }
};

/** Of weights below 64: those of two groups do, 2 x 2 x 63 x 127 is 32,004. */
struct WideSums {
  static constexpr int64_t kStep = 2;
  static LLAVA_AVX2 LLAVA_INLINE __m256i add(__m256i sums, const __m256i* weights, int64_t stride,
                                             const __m256i* row) {
    const __m256i products = _mm256_add_epi16(_mm256_maddubs_epi16(weights[0], row[0]),
                                              _mm256_maddubs_epi16(weights[stride], row[1]));
    return _mm256_add_epi32(sums, sum_pairs(products));
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256i whole(__m256i sums) { return sums; }
};

template <class Type>
using SumsOf = std::conditional_t<Type::kScales == 1, NarrowSums, WideSums>;

/** What one scale's inputs add to eight sums: products times the scale, and the row's sum times the offset. */
template <class Type>
LLAVA_AVX2 LLAVA_INLINE __m256 add_scaled(__m256 sums, __m256i products, __m256 scale, __m256 offset,
                                          const RowBlock& block, int64_t part, int64_t row) {
  const float sum = Type::kScales == 1 ? block.sum[row] : block.half_sum[part][row];
  const __m256 moved = _mm256_fmadd_ps(_mm256_set1_ps(sum), offset, sums);
  const __m256 values = _mm256_cvtepi32_ps(SumsOf<Type>::whole(products));
  return _mm256_fmadd_ps(_mm256_mul_ps(_mm256_set1_ps(block.scale[row]), values), scale, moved);
}

/** Four inputs of a row, one a byte. */
LLAVA_INLINE int32_t word_of(const RowBlock& block, int64_t group, int64_t row) {
  int32_t word;
  std::memcpy(&word, block.values[group][row], sizeof word);
  return word;
}

/** The next groups of a row, each four inputs in every place. */
template <int64_t Step>
LLAVA_AVX2 LLAVA_INLINE void broadcast(const RowBlock& block, int64_t group, int64_t row, __m256i* fours) {
  LLAVA_UNROLL
  for (int64_t i = 0; i < Step; ++i) fours[i] = _mm256_set1_epi32(word_of(block, group + i, row));
}

#endif

}  // namespace quantised_panels
