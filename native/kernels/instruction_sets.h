#pragma once

/** What kernels of our own are written with: x86 with AVX2. Elsewhere `avx2::is_here` is false, and ggml
 * computes. */
#if defined(__x86_64__) || defined(_M_X64)
#define LLAVA_X86 1
#include <immintrin.h>
#endif
#ifdef _MSC_VER
#include <intrin.h>
#define LLAVA_AVX2
#define LLAVA_AVX512
#define LLAVA_VNNI
#define LLAVA_INLINE __forceinline
#else
#define LLAVA_AVX2 __attribute__((target("avx2,fma,f16c")))
#define LLAVA_AVX512 __attribute__((target("avx512f,avx2,fma,f16c")))
#define LLAVA_VNNI __attribute__((target("avx512vnni,avx512f,avx2,fma,f16c")))
#define LLAVA_INLINE inline __attribute__((always_inline))
#endif
// Unrolled, up to eight values of a loop stay in registers; unrolled around those, they have no room there.
#if defined(__clang__)
#define LLAVA_UNROLL _Pragma("clang loop unroll(full)")
#define LLAVA_KEEP_LOOP _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define LLAVA_UNROLL _Pragma("GCC unroll 8")
#define LLAVA_KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define LLAVA_UNROLL
#define LLAVA_KEEP_LOOP
#endif

namespace avx2 {

/** Whether this processor has AVX2, and with it FMA and conversion of float16. */
bool is_here();

}  // namespace avx2

namespace avx512 {

/** Whether this processor has AVX-512's foundation, and `LLAVA_NO_AVX512` is not set, which shows what others do. */
bool is_here();

/** Whether it has AVX-512's multiplication of bytes as well. */
bool has_vnni();

#ifdef LLAVA_X86
/** GCC warns of its own headers where they leave lanes undefined: with this mask they leave none. */
constexpr __mmask16 kAll = 0xffff;
#endif

}  // namespace avx512
