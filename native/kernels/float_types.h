#pragma once

#include <cstdint>

#include "kernels/instruction_sets.h"
#include "kernels/weight_types.h"

#ifdef LLAVA_X86

/* How files store numbers; each loads eight of them as float32, or sixteen. */

struct Float32 {
  using Stored = float;
  static LLAVA_AVX2 LLAVA_INLINE __m256 load(const float* from) { return _mm256_loadu_ps(from); }
  static LLAVA_AVX512 LLAVA_INLINE __m512 load_wide(const float* from) { return _mm512_loadu_ps(from); }
};

struct Float16 {
  using Stored = uint16_t;
  static LLAVA_AVX2 LLAVA_INLINE __m256 load(const uint16_t* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static LLAVA_AVX512 LLAVA_INLINE __m512 load_wide(const uint16_t* from) {
    return _mm512_maskz_cvtph_ps(avx512::kAll, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
};

/** The upper half of a float32. */
struct BFloat16 {
  using Stored = uint16_t;
  static LLAVA_AVX2 LLAVA_INLINE __m256 load(const uint16_t* from) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static LLAVA_AVX512 LLAVA_INLINE __m512 load_wide(const uint16_t* from) {
    const __m512i wide =
        _mm512_maskz_cvtepu16_epi32(avx512::kAll, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(avx512::kAll, wide, 16));
  }
};

#endif
