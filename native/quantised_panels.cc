#include "quantised_panels.h"

#include <algorithm>
#include <cstring>

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

LLAVA_AVX2 LLAVA_INLINE void store(const Eight& eight, int64_t first, WeightBlock& block) {
  _mm256_store_ps(block.scale + first, eight.scale);
  _mm256_store_ps(block.offset + first, eight.offset);
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
      for (int64_t k = 0; k < Type::kBlocks; ++k) store(eights[k], first, panel[b * Type::kBlocks + k]);
    }
  }
}

/** Rounds 32 numbers to 8 bits by the largest of them, as ggml's Q8_0 does, but for the scale: it stays
 * float32. */
LLAVA_AVX2 LLAVA_INLINE void round_block(const float* from, int64_t row, RowBlock& block) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 numbers[4];
  __m256 largest = _mm256_setzero_ps();
  for (int i = 0; i < 4; ++i) {
    numbers[i] = _mm256_loadu_ps(from + i * 8);
    largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, numbers[i]));
  }
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, largest);
  const float most = *std::max_element(lanes, lanes + 8);
  const __m256 factor = _mm256_set1_ps(most > 0.0f ? 127.0f / most : 0.0f);
  __m256i total = _mm256_setzero_si256();
  alignas(32) int32_t rounded[kBlock];
  for (int i = 0; i < 4; ++i) {
    const __m256i values = _mm256_cvtps_epi32(_mm256_mul_ps(numbers[i], factor));
    total = _mm256_add_epi32(total, values);
    _mm256_store_si256(reinterpret_cast<__m256i*>(rounded + i * 8), values);
  }
  alignas(32) int32_t totals[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(totals), total);
  int32_t sum = 0;
  for (const int32_t part : totals) sum += part;
  for (int64_t k = 0; k < kBlock; ++k) block.values[k / 4][row][k % 4] = static_cast<int8_t>(rounded[k]);
  block.scale[row] = most / 127.0f;
  block.sum[row] = block.scale[row] * static_cast<float>(sum);
}

LLAVA_AVX2 void round_row(const float* from, int64_t row, int64_t blocks, RowBlock* tile) {
  for (int64_t b = 0; b < blocks; ++b) round_block(from + b * kBlock, row, tile[b]);
}

LLAVA_AVX2 LLAVA_INLINE __m256i broadcast(const int8_t four[4]) {
  int32_t word;
  std::memcpy(&word, four, sizeof word);
  return _mm256_set1_epi32(word);
}

/** The products of one row with a group of weights. Sums of eight groups fit 16 bits: 8 x 2 x 15 x 127 is
 * 30,480. */
LLAVA_AVX2 LLAVA_INLINE __m256i add_group(__m256i sums, __m256i weights, __m256i row) {
  return _mm256_add_epi16(sums, _mm256_maddubs_epi16(weights, row));
}

/** What a block adds to eight sums: the weights' scales times the products, and their offsets times the row's
 * sum. */
LLAVA_AVX2 LLAVA_INLINE __m256 add_block(__m256 sums, __m256i products, __m256 scale, __m256 offset,
                                         const RowBlock& block, int64_t row) {
  const __m256 whole = _mm256_cvtepi32_ps(_mm256_madd_epi16(products, _mm256_set1_epi16(1)));
  const __m256 moved = _mm256_fmadd_ps(_mm256_set1_ps(block.sum[row]), offset, sums);
  return _mm256_fmadd_ps(_mm256_mul_ps(_mm256_set1_ps(block.scale[row]), whole), scale, moved);
}

LLAVA_AVX2 void multiply_tile(const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums) {
  std::fill_n(sums, kRows * kOutputs, 0.0f);
  for (int64_t b = 0; b < blocks; ++b) {
    __m256i left[kRows];
    __m256i right[kRows];
    LLAVA_UNROLL
    for (int64_t row = 0; row < kRows; ++row) left[row] = right[row] = _mm256_setzero_si256();
    const auto* weights = reinterpret_cast<const __m256i*>(panel[b].values);
    LLAVA_KEEP_LOOP
    for (int64_t group = 0; group < kGroups; ++group, weights += 2) {
      LLAVA_UNROLL
      for (int64_t row = 0; row < kRows; ++row) {
        const __m256i four = broadcast(tile[b].values[group][row]);
        left[row] = add_group(left[row], weights[0], four);
        right[row] = add_group(right[row], weights[1], four);
      }
    }
    LLAVA_UNROLL
    for (int64_t row = 0; row < kRows; ++row) {
      const auto add = [&](__m256i products, int64_t first) LLAVA_AVX2 {
        float* to = sums + row * kOutputs + first;
        _mm256_storeu_ps(to, add_block(_mm256_loadu_ps(to), products, _mm256_load_ps(panel[b].scale + first),
                                       _mm256_load_ps(panel[b].offset + first), tile[b], row));
      };
      add(left[row], 0);
      add(right[row], kHalf);
    }
  }
}

/** Asks for what the next eight rows begin with: eight streams at once are more than processors foresee. */
LLAVA_AVX2 LLAVA_INLINE void prefetch(const void* rows, size_t ahead, size_t bytes) {
  const char* next = static_cast<const char*>(rows) + ahead;
  for (size_t skipped = 0; skipped < bytes; skipped += 64) _mm_prefetch(next + skipped, _MM_HINT_T1);
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
        for (int64_t row = 0; row < Count; ++row) {
          __m256i products = _mm256_setzero_si256();
          LLAVA_UNROLL
          for (int64_t group = 0; group < kGroups; ++group)
            products = add_group(products, eights[k].values[group], broadcast(block.values[group][row]));
          total[row] = add_block(total[row], products, eights[k].scale, eights[k].offset, block, row);
        }
      }
    }
    LLAVA_UNROLL
    for (int64_t row = 0; row < Count; ++row) _mm256_storeu_ps(sums + row * kOutputs + first, total[row]);
  }
}

template <class Type>
void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums) {
  switch (count) {
    case 1:
      return multiply_rows<Type, 1>(rows, tile, blocks, sums);
    case 2:
      return multiply_rows<Type, 2>(rows, tile, blocks, sums);
    default:
      return multiply_rows<Type, kRows>(rows, tile, blocks, sums);
  }
}

}  // namespace

bool supports(ggml_type type) {
  static const bool can = avx2::is_here();
  return can && (type == GGML_TYPE_Q4_0 || type == GGML_TYPE_Q4_K);
}

void unpack_weights(const WeightRows& rows, int64_t blocks, WeightBlock* panel) {
  if (rows.type == GGML_TYPE_Q4_0) {
    unpack_panel<Q4_0>(rows, blocks, panel);
  } else {
    unpack_panel<Q4_K>(rows, blocks, panel);
  }
}

void round_rows(const void* rows, size_t stride, int64_t inputs, int64_t count, RowBlock* tile) {
  const int64_t blocks = inputs / kBlock;
  if (count < kRows) std::memset(static_cast<void*>(tile), 0, static_cast<size_t>(blocks) * sizeof(RowBlock));
  for (int64_t row = 0; row < count; ++row) {
    const char* from = static_cast<const char*>(rows) + static_cast<size_t>(row) * stride;
    round_row(reinterpret_cast<const float*>(from), row, blocks, tile);
  }
}

void multiply(const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums) {
  multiply_tile(panel, tile, blocks, sums);
}

void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums) {
  if (rows.type == GGML_TYPE_Q4_0) {
    multiply_few<Q4_0>(rows, tile, count, blocks, sums);
  } else {
    multiply_few<Q4_K>(rows, tile, count, blocks, sums);
  }
}

#else

bool supports(ggml_type) { return false; }
void unpack_weights(const WeightRows&, int64_t, WeightBlock*) {}
void round_rows(const void*, size_t, int64_t, int64_t, RowBlock*) {}
void multiply(const WeightBlock*, const RowBlock*, int64_t, float*) {}
void multiply_few(const WeightRows&, const RowBlock*, int64_t, int64_t, float*) {}

#endif

}  // namespace quantised_panels
