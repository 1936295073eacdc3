#include "kernels/quantised/panels.h"

#include <algorithm>

#include "kernels/quantised/sums.h"

namespace quantised_panels {

#ifdef LLAVA_X86

namespace {

LLAVA_INLINE void prefetch_lines(const char* bytes, size_t count) {
  for (size_t skipped = 0; skipped < count; skipped += 64) _mm_prefetch(bytes + skipped, _MM_HINT_T1);
}

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
    for (int64_t first = 0; first < kOutputs; first += kEight) {
      Eight eights[Type::kBlocks];
      Type::unpack(starts.at + first, b, eights);
      for (int64_t k = 0; k < Type::kBlocks; ++k) store<Type>(eights[k], first, panel[b * Type::kBlocks + k]);
    }
  }
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
  for (int64_t first = 0; first < kOutputs; first += kEight) {
    __m256 total[Count];
    LLAVA_UNROLL
    for (int64_t row = 0; row < Count; ++row) total[row] = _mm256_setzero_ps();
    for (int64_t b = 0; b < blocks / Type::kBlocks; ++b) {
      // The next eight rows: eight streams at once are more than processors foresee.
      const auto* here = reinterpret_cast<const char*>(starts.at[first] + b * kEight);
      prefetch_lines(here + kEight * rows.stride, kEight * sizeof(Type));
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

}  // namespace

bool supports(ggml_type type) {
  static const bool can = avx2::is_here();
  switch (type) {
#define LLAVA_CASE(name) \
  case GGML_TYPE_##name: return can;
    LLAVA_QUANTISED_TYPES(LLAVA_CASE)
#undef LLAVA_CASE
    default: return false;
  }
}

void prefetch(const void* weights, size_t bytes) { prefetch_lines(static_cast<const char*>(weights), bytes); }

void unpack_weights(const WeightRows& rows, int64_t blocks, WeightBlock* panel) {
  with_type(rows.type, [&](auto type) { unpack_panel<decltype(type)>(rows, blocks, panel); });
}

void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums) {
  with_type(rows.type, [&](auto type) { multiply_few_of<decltype(type)>(rows, tile, count, blocks, sums); });
}

#else

bool supports(ggml_type) { return false; }
void prefetch(const void*, size_t) {}
void unpack_weights(const WeightRows&, int64_t, WeightBlock*) {}
void multiply_few(const WeightRows&, const RowBlock*, int64_t, int64_t, float*) {}

#endif

}  // namespace quantised_panels
