#pragma once

#include <cstring>

#include "avx2.h"
#include "quantised_panels.h"

/** ggml's blocks of 4-bit weights, and how eight rows of them are unpacked: only for quantised_panels.cc. */
namespace quantised_panels {

#ifdef LLAVA_X86

constexpr int64_t kHalf = kOutputs / 2;  // a vector holds four inputs of eight outputs
constexpr int64_t kGroups = kBlock / 4;

/** One block of eight outputs. */
struct Eight {
  __m256i values[kGroups];
  __m256 scale;
  __m256 offset;
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
  uint16_t scale;
  uint8_t values[16];

  static LLAVA_AVX2 LLAVA_INLINE void unpack(const Q4_0* const rows[kHalf], int64_t b, Eight* blocks) {
    Eight& eight = *blocks;
    eight.scale = widen([&](int64_t i) { return rows[i][b].scale; });
    eight.offset = _mm256_mul_ps(eight.scale, _mm256_set1_ps(-8.0f));
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
  uint16_t scale;
  uint16_t minimum;
  uint8_t scales[12];
  uint8_t values[128];

  static LLAVA_AVX2 LLAVA_INLINE void unpack(const Q4_K* const rows[kHalf], int64_t b, Eight* blocks) {
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
      blocks[k].scale = _mm256_mul_ps(scale, floats(first, 63));
      blocks[k].offset = minus(minimum, floats(second, 63));
      blocks[k + 4].scale = _mm256_mul_ps(scale, joined(both, shift(first, 2)));
      blocks[k + 4].offset = minus(minimum, joined(shift(both, 4), shift(second, 2)));
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

#endif

}  // namespace quantised_panels
