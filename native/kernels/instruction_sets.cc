#include "kernels/instruction_sets.h"

#ifdef LLAVA_X86

#include <cstdint>
#include <cstdlib>

#ifndef _MSC_VER
#include <cpuid.h>
#endif

namespace {

/** A bit of a register, as Intel's manual numbers them (volume 2A, CPUID). */
constexpr bool has(uint32_t value, int bit) { return (value >> bit & 1) != 0; }

/**
 * What the processor says of itself and the system of it. The compilers' `__builtin_cpu_supports` needs their own runtime
 * library, and finds nothing with zig's.
 */
struct Processor {
  bool avx2 = false;
  bool avx512 = false;
  bool vnni = false;

  Processor() {
    uint32_t most[4];
    ask(0, most);
    if (most[0] < 7) return;
    uint32_t basic[4];
    uint32_t extended[4];
    ask(1, basic);
    ask(7, extended);
    constexpr int kFma = 12, kXsave = 27, kHalves = 29;
    if (!has(basic[2], kXsave)) return;
    const uint32_t saved = saved_registers();
    // Bits 1 and 2: registers of 128 and of 256 bits; 5 to 7: AVX-512's masks and registers.
    constexpr uint32_t kWide = 0x06, kWidest = 0xe6;
    constexpr int kAvx2 = 5, kFoundation = 16, kVnni = 11;
    avx2 = (saved & kWide) == kWide && has(basic[2], kFma) && has(basic[2], kHalves) && has(extended[1], kAvx2);
    avx512 = avx2 && (saved & kWidest) == kWidest && has(extended[1], kFoundation);
    vnni = avx512 && has(extended[2], kVnni);
  }

 private:
  /** EAX, EBX, ECX and EDX of a leaf. */
  static void ask(uint32_t leaf, uint32_t registers[4]) {
#ifdef _MSC_VER
    __cpuidex(reinterpret_cast<int*>(registers), static_cast<int>(leaf), 0);
#else
    __cpuid_count(leaf, 0, registers[0], registers[1], registers[2], registers[3]);
#endif
  }

  /** Which registers the system saves when it lets another thread run. */
  static uint32_t saved_registers() {
#ifdef _MSC_VER
    return static_cast<uint32_t>(_xgetbv(0));
#else
    uint32_t low;
    uint32_t high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
#endif
  }
};

const Processor& processor() {
  static const Processor here;
  return here;
}

}  // namespace

bool avx2::is_here() { return processor().avx2; }

bool avx512::is_here() { return processor().avx512 && std::getenv("LLAVA_NO_AVX512") == nullptr; }

bool avx512::has_vnni() { return is_here() && processor().vnni; }

#else

bool avx2::is_here() { return false; }
bool avx512::is_here() { return false; }
bool avx512::has_vnni() { return false; }

#endif
