#pragma once

#include <cstring>

#include "kernels/instruction_sets.h"
#include "kernels/quantised/panels.h"
#include "kernels/weight_types.h"

/** ggml's blocks of quantised weights, and how eight rows of them are unpacked: for quantised_panels.cc and quantised_tile.cc. */
namespace quantised_panels {

#ifdef LLAVA_X86

constexpr int64_t kEight = 8;  // outputs: a vector holds four inputs of each
constexpr int64_t kGroups = kBlock / 4;

/** One block of eight outputs. */
struct Eight {
  __m256i values[kGroups];
  __m256 scale[2];
  __m256 offset[2];
};

LLAVA_AVX2 LLAVA_INLINE __m128i load16(const uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

LLAVA_AVX2 LLAVA_INLINE __m256i load_two(const uint8_t* lower, const uint8_t* upper) {
  return _mm256_set_m128i(load16(upper), load16(lower));
}

/** 16 bytes of each of eight rows → four vectors, each with four bytes of each row. */
template <class Bytes>
LLAVA_AVX2 LLAVA_INLINE void transpose(Bytes bytes_of, __m256i columns[4]) {
  const __m256i first = load_two(bytes_of(0), bytes_of(4));
  const __m256i second = load_two(bytes_of(1), bytes_of(5));
  const __m256i third = load_two(bytes_of(2), bytes_of(6));
  const __m256i fourth = load_two(bytes_of(3), bytes_of(7));
  const __m256i a = _mm256_unpacklo_epi32(first, second);
  const __m256i b = _mm256_unpackhi_epi32(first, second);
  const __m256i c = _mm256_unpacklo_epi32(third, fourth);
  const __m256i d = _mm256_unpackhi_epi32(third, fourth);
  columns[0] = _mm256_unpacklo_epi64(a, c);
  columns[1] = _mm256_unpackhi_epi64(a, c);
  columns[2] = _mm256_unpacklo_epi64(b, d);
  columns[3] = _mm256_unpackhi_epi64(b, d);
}

LLAVA_AVX2 LLAVA_INLINE __m256i lower_bits(__m256i bytes) {
  return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}

LLAVA_AVX2 LLAVA_INLINE __m256i upper_bits(__m256i bytes) { return lower_bits(_mm256_srli_epi16(bytes, 4)); }

template <class Half>
LLAVA_AVX2 LLAVA_INLINE __m256 widen(Half half) {
  const auto bits = [&](int64_t i) { return static_cast<int16_t>(half(i)); };
  return _mm256_cvtph_ps(
      _mm_set_epi16(bits(7), bits(6), bits(5), bits(4), bits(3), bits(2), bits(1), bits(0)));
}

/** ggml's block_q4_0: (value - 8) times the scale; the second half of the inputs is in the upper four bits.
 */
struct Q4_0 {
  static constexpr int64_t kBlocks = 1;
  static constexpr int64_t kScales = 1;  // of 32 inputs
  uint16_t scale;
  uint8_t values[16];

  static LLAVA_AVX2 LLAVA_INLINE void unpack(const Q4_0* const rows[kEight], int64_t b, Eight* blocks) {
    Eight& eight = *blocks;
    eight.scale[0] = widen([&](int64_t i) { return rows[i][b].scale; });
    eight.offset[0] = _mm256_mul_ps(eight.scale[0], _mm256_set1_ps(-8.0f));
    __m256i columns[4];
    transpose([&](int64_t i) { return rows[i][b].values; }, columns);
    LLAVA_UNROLL
    for (int64_t group = 0; group < 4; ++group) {
      eight.values[group] = lower_bits(columns[group]);
      eight.values[group + 4] = upper_bits(columns[group]);
    }
  }
};
static_assert(sizeof(Q4_0) == 18, "as in files");

/**
 * ggml's block_q4_K: eight blocks of 32, each with a scale and a minimum of six bits; two blocks share 32
 * bytes. The last four of each have their upper two bits above those of the first four (ggml-quants.c,
 * get_scale_min_k4).
 */
struct Q4_K {
  static constexpr int64_t kBlocks = 8;
  static constexpr int64_t kScales = 1;
  uint16_t scale;
  uint16_t minimum;
  uint8_t scales[12];
  uint8_t values[128];

  static LLAVA_AVX2 LLAVA_INLINE void unpack(const Q4_K* const rows[kEight], int64_t b, Eight* blocks) {
    const auto words = [&](int64_t skipped) LLAVA_AVX2 {
      const auto word = [&](int64_t i) { return read_word(rows[i][b].scales + skipped); };
      return _mm256_set_epi32(word(7), word(6), word(5), word(4), word(3), word(2), word(1), word(0));
    };
    const __m256i low = words(0);
    const __m256i middle = words(4);
    const __m256i high = words(8);
    const __m256 scale = widen([&](int64_t i) { return rows[i][b].scale; });
    const __m256 minimum = widen([&](int64_t i) { return rows[i][b].minimum; });
    for (int k = 0; k < 4; ++k) {
      const __m256i first = shift(low, 8 * k);
      const __m256i second = shift(middle, 8 * k);
      const __m256i both = shift(high, 8 * k);
      blocks[k].scale[0] = _mm256_mul_ps(scale, floats(first, 63));
      blocks[k].offset[0] = minus(minimum, floats(second, 63));
      blocks[k + 4].scale[0] = _mm256_mul_ps(scale, joined(both, shift(first, 2)));
      blocks[k + 4].offset[0] = minus(minimum, joined(shift(both, 4), shift(second, 2)));
    }
    for (int64_t part = 0; part < kBlocks; ++part) {
      __m256i columns[4];
      transpose([&](int64_t i) { return rows[i][b].values + part * 16; }, columns);
      Eight* pair = blocks + part / 2 * 2;
      LLAVA_UNROLL
      for (int64_t group = 0; group < 4; ++group) {
        pair[0].values[part % 2 * 4 + group] = lower_bits(columns[group]);
        pair[1].values[part % 2 * 4 + group] = upper_bits(columns[group]);
      }
    }
  }

 private:
  static int32_t read_word(const uint8_t* bytes) {
    int32_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256i shift(__m256i words, int bits) {
    return _mm256_srl_epi32(words, _mm_cvtsi32_si128(bits));
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256 floats(__m256i words, int mask) {
    return _mm256_cvtepi32_ps(_mm256_and_si256(words, _mm256_set1_epi32(mask)));
  }
  /** Four bits of one word, and above them two of another. */
  static LLAVA_AVX2 LLAVA_INLINE __m256 joined(__m256i lower, __m256i upper) {
    return _mm256_add_ps(floats(lower, 15), floats(upper, 48));
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256 minus(__m256 a, __m256 b) {
    return _mm256_mul_ps(_mm256_xor_ps(a, _mm256_set1_ps(-0.0f)), b);
  }
};
static_assert(sizeof(Q4_K) == 144, "as in files");

/**
 * ggml's block_q6_K: (value - 32) times one of 16 scales. A half is 128 inputs in four blocks: the first two
 * have their lower four bits in the lower bits of 64 bytes, the others in the upper; the upper two bits of all
 * four are in 32 bytes.
 */
struct Q6_K {
  static constexpr int64_t kBlocks = 8;
  static constexpr int64_t kScales = 2;
  uint8_t lower[128];
  uint8_t upper[64];
  uint8_t scales[16];
  uint16_t scale;

  static LLAVA_AVX2 LLAVA_INLINE void unpack(const Q6_K* const rows[kEight], int64_t b, Eight* blocks) {
    const __m256 scale = widen([&](int64_t i) { return rows[i][b].scale; });
    __m256i scales[4];
    transpose([&](int64_t i) { return rows[i][b].scales; }, scales);
    for (int64_t k = 0; k < kBlocks * kScales; ++k) {
      Eight& eight = blocks[k / 2];
      eight.scale[k % 2] = _mm256_mul_ps(scale, signed_byte(scales[k / 4], static_cast<int>(k % 4)));
      eight.offset[k % 2] = _mm256_mul_ps(eight.scale[k % 2], _mm256_set1_ps(-32.0f));
    }
    for (int64_t part = 0; part < 4; ++part) {
      const int64_t half = part / 2 * 4;
      const int64_t skipped = part % 2 * 16;
      __m256i first[4];
      __m256i second[4];
      __m256i upper[4];
      transpose([&](int64_t i) { return rows[i][b].lower + half * 16 + skipped; }, first);
      transpose([&](int64_t i) { return rows[i][b].lower + half * 16 + 32 + skipped; }, second);
      transpose([&](int64_t i) { return rows[i][b].upper + half * 8 + skipped; }, upper);
      const int64_t start = part % 2 * 4;
      LLAVA_UNROLL
      for (int64_t group = 0; group < 4; ++group) {
        const __m256i bits = upper[group];
        Eight* four = blocks + half;
        four[0].values[start + group] = joined(lower_bits(first[group]), _mm256_slli_epi16(bits, 4));
        four[1].values[start + group] = joined(lower_bits(second[group]), _mm256_slli_epi16(bits, 2));
        four[2].values[start + group] = joined(upper_bits(first[group]), bits);
        four[3].values[start + group] = joined(upper_bits(second[group]), _mm256_srli_epi16(bits, 2));
      }
    }
  }

 private:
  static LLAVA_AVX2 LLAVA_INLINE __m256i joined(__m256i lower, __m256i upper) {
    return _mm256_or_si256(lower, _mm256_and_si256(upper, _mm256_set1_epi8(48)));
  }
  static LLAVA_AVX2 LLAVA_INLINE __m256 signed_byte(__m256i words, int index) {
    const __m256i top = _mm256_sll_epi32(words, _mm_cvtsi32_si128(24 - 8 * index));
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(top, 24));
  }
};
static_assert(sizeof(Q6_K) == 210, "as in files");

/** Calls with a block of the type, one that is supported. */
template <class Use>
void with_type(ggml_type type, Use use) {
  switch (type) {
#define LLAVA_CASE(name) \
  case GGML_TYPE_##name: return use(name{});
    LLAVA_QUANTISED_TYPES(LLAVA_CASE)
#undef LLAVA_CASE
    default: return;
  }
}

#endif

}  // namespace quantised_panels
