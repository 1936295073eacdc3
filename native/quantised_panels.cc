#include "quantised_panels.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "quantised_blocks.h"

namespace quantised_panels {

#ifdef LLAVA_X86

namespace {

/** Where the rows of a panel begin. */
template <class Type>
struct Starts {
  const Type* at[kOutputs];
  explicit Starts(const WeightRows& rows) {
    for (int64_t i = 0; i < kOutputs; ++i) {
      const auto skipped = static_cast<size_t>(std::min(i, rows.count - 1)) * rows.stride;
      at[i] = reinterpret_cast<const Type*>(static_cast<const char*>(rows.first) + skipped);
    }
  }
};

template <class Type>
LLAVA_AVX2 LLAVA_INLINE void store(const Eight& eight, int64_t first, WeightBlock& block) {
  LLAVA_UNROLL
  for (int64_t part = 0; part < Type::kScales; ++part) {
    _mm256_store_ps(block.scale[part] + first, eight.scale[part]);
    _mm256_store_ps(block.offset[part] + first, eight.offset[part]);
  }
  LLAVA_UNROLL
  for (int64_t group = 0; group < kGroups; ++group)
    _mm256_store_si256(reinterpret_cast<__m256i*>(block.values[group][first]), eight.values[group]);
}

template <class Type>
LLAVA_AVX2 void unpack_panel(const WeightRows& rows, int64_t blocks, WeightBlock* panel) {
  const Starts<Type> starts(rows);
  for (int64_t b = 0; b < blocks / Type::kBlocks; ++b) {
    for (int64_t first = 0; first < kOutputs; first += kHalf) {
      Eight eights[Type::kBlocks];
      Type::unpack(starts.at + first, b, eights);
      for (int64_t k = 0; k < Type::kBlocks; ++k) store<Type>(eights[k], first, panel[b * Type::kBlocks + k]);
    }
  }
}

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

/** The next groups of a row, each four inputs in every place. */
template <int64_t Step>
LLAVA_AVX2 LLAVA_INLINE void broadcast(const RowBlock& block, int64_t group, int64_t row, __m256i* fours) {
  LLAVA_UNROLL
  for (int64_t i = 0; i < Step; ++i) {
    int32_t word;
    std::memcpy(&word, block.values[group + i][row], sizeof word);
    fours[i] = _mm256_set1_epi32(word);
  }
}

template <class Type>
LLAVA_AVX2 void multiply_tile(const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums) {
  using Sums = SumsOf<Type>;
  constexpr int64_t kGroupsOfScale = kGroups / Type::kScales;
  std::fill_n(sums, kRows * kOutputs, 0.0f);
  for (int64_t b = 0; b < blocks; ++b) {
    const auto* weights = reinterpret_cast<const __m256i*>(panel[b].values);
    LLAVA_KEEP_LOOP
    for (int64_t part = 0; part < Type::kScales; ++part) {
      __m256i left[kRows];
      __m256i right[kRows];
      LLAVA_UNROLL
      for (int64_t row = 0; row < kRows; ++row) left[row] = right[row] = _mm256_setzero_si256();
      LLAVA_KEEP_LOOP
      for (int64_t group = 0; group < kGroupsOfScale; group += Sums::kStep, weights += 2 * Sums::kStep) {
        LLAVA_UNROLL
        for (int64_t row = 0; row < kRows; ++row) {
          __m256i fours[Sums::kStep];
          broadcast<Sums::kStep>(tile[b], part * kGroupsOfScale + group, row, fours);
          left[row] = Sums::add(left[row], weights, 2, fours);
          right[row] = Sums::add(right[row], weights + 1, 2, fours);
        }
      }
      LLAVA_UNROLL
      for (int64_t row = 0; row < kRows; ++row) {
        const auto add = [&](__m256i products, int64_t first) LLAVA_AVX2 {
          float* to = sums + row * kOutputs + first;
          const __m256 scale = _mm256_load_ps(panel[b].scale[part] + first);
          const __m256 offset = _mm256_load_ps(panel[b].offset[part] + first);
          _mm256_storeu_ps(
              to, add_scaled<Type>(_mm256_loadu_ps(to), products, scale, offset, tile[b], part, row));
        };
        add(left[row], 0);
        add(right[row], kHalf);
      }
    }
  }
}

/** Asks for what the next eight rows begin with: eight streams at once are more than processors foresee. */
LLAVA_AVX2 LLAVA_INLINE void prefetch(const void* rows, size_t ahead, size_t bytes) {
  const char* next = static_cast<const char*>(rows) + ahead;
  for (size_t skipped = 0; skipped < bytes; skipped += 64) _mm_prefetch(next + skipped, _MM_HINT_T1);
}

template <class Type>
LLAVA_AVX2 LLAVA_INLINE void add_eight(const Eight& eight, const RowBlock& block, int64_t row,
                                       __m256& total) {
  using Sums = SumsOf<Type>;
  constexpr int64_t kGroupsOfScale = kGroups / Type::kScales;
  LLAVA_UNROLL
  for (int64_t part = 0; part < Type::kScales; ++part) {
    __m256i products = _mm256_setzero_si256();
    LLAVA_UNROLL
    for (int64_t group = part * kGroupsOfScale; group < (part + 1) * kGroupsOfScale; group += Sums::kStep) {
      __m256i fours[Sums::kStep];
      broadcast<Sums::kStep>(block, group, row, fours);
      products = Sums::add(products, eight.values + group, 1, fours);
    }
    total = add_scaled<Type>(total, products, eight.scale[part], eight.offset[part], block, part, row);
  }
}

template <class Type, int64_t Count>
LLAVA_AVX2 void multiply_rows(const WeightRows& rows, const RowBlock* tile, int64_t blocks, float* sums) {
  const Starts<Type> starts(rows);
  for (int64_t first = 0; first < kOutputs; first += kHalf) {
    __m256 total[Count];
    LLAVA_UNROLL
    for (int64_t row = 0; row < Count; ++row) total[row] = _mm256_setzero_ps();
    for (int64_t b = 0; b < blocks / Type::kBlocks; ++b) {
      prefetch(starts.at[first] + b * kHalf, kHalf * rows.stride, kHalf * sizeof(Type));
      Eight eights[Type::kBlocks];
      Type::unpack(starts.at + first, b, eights);
      for (int64_t k = 0; k < Type::kBlocks; ++k) {
        const RowBlock& block = tile[b * Type::kBlocks + k];
        LLAVA_UNROLL
        for (int64_t row = 0; row < Count; ++row) add_eight<Type>(eights[k], block, row, total[row]);
      }
    }
    LLAVA_UNROLL
    for (int64_t row = 0; row < Count; ++row) _mm256_storeu_ps(sums + row * kOutputs + first, total[row]);
  }
}

template <class Type>
void multiply_few_of(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks,
                     float* sums) {
  switch (count) {
    case 1: return multiply_rows<Type, 1>(rows, tile, blocks, sums);
    case 2: return multiply_rows<Type, 2>(rows, tile, blocks, sums);
    default: return multiply_rows<Type, kRows>(rows, tile, blocks, sums);
  }
}

/** Calls with a block of the type. */
template <class Use>
void with_type(ggml_type type, Use use) {
  switch (type) {
    case GGML_TYPE_Q4_0: return use(Q4_0{});
    case GGML_TYPE_Q4_K: return use(Q4_K{});
    default: return use(Q6_K{});
  }
}

}  // namespace

bool supports(ggml_type type) {
  static const bool can = avx2::is_here();
  return can && (type == GGML_TYPE_Q4_0 || type == GGML_TYPE_Q4_K || type == GGML_TYPE_Q6_K);
}

void unpack_weights(const WeightRows& rows, int64_t blocks, WeightBlock* panel) {
  with_type(rows.type, [&](auto type) { unpack_panel<decltype(type)>(rows, blocks, panel); });
}

void multiply(ggml_type weights, const WeightBlock* panel, const RowBlock* tile, int64_t blocks,
              float* sums) {
  with_type(weights, [&](auto type) { multiply_tile<decltype(type)>(panel, tile, blocks, sums); });
}

void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums) {
  with_type(rows.type, [&](auto type) { multiply_few_of<decltype(type)>(rows, tile, count, blocks, sums); });
}

#else

bool supports(ggml_type) { return false; }
void unpack_weights(const WeightRows&, int64_t, WeightBlock*) {}
void multiply(ggml_type, const WeightBlock*, const RowBlock*, int64_t, float*) {}
void multiply_few(const WeightRows&, const RowBlock*, int64_t, int64_t, float*) {}

#endif

}  // namespace quantised_panels
