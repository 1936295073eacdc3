#include "kernels/quantised/sums.h"

namespace quantised_panels {

#ifdef LLAVA_X86

namespace {

constexpr int64_t kPair = 2 * kEight;  // outputs at once in AVX2: as many sums as there are registers for

/** What one scale's inputs add to the panel's outputs from `first` on, as many as a pair of vectors holds. */
template <class Type>
LLAVA_AVX2 LLAVA_INLINE void add_pair(const WeightBlock& weights, const RowBlock& rows, int64_t part,
                                      int64_t first, float* sums) {
  using Sums = SumsOf<Type>;
  constexpr int64_t kGroupsOfScale = kGroups / Type::kScales;
  constexpr int64_t kStride = kOutputs / kEight;
  const auto* values = reinterpret_cast<const __m256i*>(weights.values[part * kGroupsOfScale][first]);
  __m256i left[kRows];
  __m256i right[kRows];
  LLAVA_UNROLL
  for (int64_t row = 0; row < kRows; ++row) left[row] = right[row] = _mm256_setzero_si256();
  LLAVA_KEEP_LOOP
  for (int64_t group = 0; group < kGroupsOfScale; group += Sums::kStep, values += kStride * Sums::kStep) {
    LLAVA_UNROLL
    for (int64_t row = 0; row < kRows; ++row) {
      __m256i fours[Sums::kStep];
      broadcast<Sums::kStep>(rows, part * kGroupsOfScale + group, row, fours);
      left[row] = Sums::add(left[row], values, kStride, fours);
      right[row] = Sums::add(right[row], values + 1, kStride, fours);
    }
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < kRows; ++row) {
    const auto add = [&](__m256i products, int64_t output) LLAVA_AVX2 {
      float* to = sums + row * kOutputs + output;
      const __m256 scale = _mm256_load_ps(weights.scale[part] + output);
      const __m256 offset = _mm256_load_ps(weights.offset[part] + output);
      _mm256_storeu_ps(to, add_scaled<Type>(_mm256_loadu_ps(to), products, scale, offset, rows, part, row));
    };
    add(left[row], first);
    add(right[row], first + kEight);
  }
}

template <class Type>
LLAVA_AVX2 void multiply_tile(const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums) {
  for (int64_t b = 0; b < blocks; ++b) {
    LLAVA_KEEP_LOOP
    for (int64_t part = 0; part < Type::kScales; ++part) {
      LLAVA_KEEP_LOOP
      for (int64_t first = 0; first < kOutputs; first += kPair)
        add_pair<Type>(panel[b], tile[b], part, first, sums);
    }
  }
}

constexpr int64_t kLanes = 16;  // outputs of a vector in AVX-512
constexpr int64_t kVectors = kOutputs / kLanes;

/** What one scale's inputs add to the sums of a vector's outputs; the same operations as in `add_scaled`. */
template <class Type>
LLAVA_VNNI LLAVA_INLINE __m512 add_scaled_wide(__m512 sums, __m512i products, __m512 scale, __m512 offset,
                                               const RowBlock& block, int64_t part, int64_t row) {
  const float sum = Type::kScales == 1 ? block.sum[row] : block.half_sum[part][row];
  const __m512 moved = _mm512_fmadd_ps(_mm512_set1_ps(sum), offset, sums);
  const __m512 values = _mm512_maskz_cvtepi32_ps(avx512::kAll, products);
  const __m512 scaled = _mm512_maskz_mul_ps(avx512::kAll, _mm512_set1_ps(block.scale[row]), values);
  return _mm512_fmadd_ps(scaled, scale, moved);
}

/** The same sums to the bit, where four products of bytes are added to 32 bits in one instruction. */
template <class Type>
LLAVA_VNNI void multiply_wide_tile(const WeightBlock* panel, const RowBlock* tile, int64_t blocks,
                                   float* sums) {
  constexpr int64_t kGroupsOfScale = kGroups / Type::kScales;
  __m512 total[kRows][kVectors];
  LLAVA_UNROLL
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t v = 0; v < kVectors; ++v)
      total[row][v] = _mm512_loadu_ps(sums + row * kOutputs + v * kLanes);
  for (int64_t b = 0; b < blocks; ++b) {
    LLAVA_UNROLL
    for (int64_t part = 0; part < Type::kScales; ++part) {
      __m512i products[kRows][kVectors];
      LLAVA_UNROLL
      for (int64_t row = 0; row < kRows; ++row)
        for (int64_t v = 0; v < kVectors; ++v) products[row][v] = _mm512_setzero_si512();
      LLAVA_UNROLL
      for (int64_t group = part * kGroupsOfScale; group < (part + 1) * kGroupsOfScale; ++group) {
        __m512i weights[kVectors];
        for (int64_t v = 0; v < kVectors; ++v)
          weights[v] = _mm512_load_si512(panel[b].values[group][v * kLanes]);
        LLAVA_UNROLL
        for (int64_t row = 0; row < kRows; ++row) {
          const __m512i fours = _mm512_set1_epi32(word_of(tile[b], group, row));
          for (int64_t v = 0; v < kVectors; ++v)
            products[row][v] = _mm512_dpbusd_epi32(products[row][v], weights[v], fours);
        }
      }
      LLAVA_UNROLL
      for (int64_t v = 0; v < kVectors; ++v) {
        const __m512 scale = _mm512_load_ps(panel[b].scale[part] + v * kLanes);
        const __m512 offset = _mm512_load_ps(panel[b].offset[part] + v * kLanes);
        for (int64_t row = 0; row < kRows; ++row)
          total[row][v] =
              add_scaled_wide<Type>(total[row][v], products[row][v], scale, offset, tile[b], part, row);
      }
    }
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t v = 0; v < kVectors; ++v)
      _mm512_storeu_ps(sums + row * kOutputs + v * kLanes, total[row][v]);
}

}  // namespace

void multiply(ggml_type weights, const WeightBlock* panel, const RowBlock* tile, int64_t blocks,
              float* sums) {
  static const bool is_wide = avx512::has_vnni();
  with_type(weights, [&](auto type) {
    using Type = decltype(type);
    if (is_wide) return multiply_wide_tile<Type>(panel, tile, blocks, sums);
    multiply_tile<Type>(panel, tile, blocks, sums);
  });
}

#else

void multiply(ggml_type, const WeightBlock*, const RowBlock*, int64_t, float*) {}

#endif

}  // namespace quantised_panels
