#include "kernels/attention/attention_tile.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/dot_tile.h"

namespace attention_tile {

#ifdef LLAVA_X86

namespace {

constexpr int64_t kKeys = 64;         // of a block: their values stay in the first cache
constexpr int64_t kAhead = 8;         // keys that are asked for before they are read
constexpr uint16_t kHidden = 0xfc00;  // minus infinity
constexpr float kNever = -std::numeric_limits<float>::infinity();

/** What is known of some queries after some blocks. */
template <int64_t Rows>
struct State {
  alignas(32) float query[Rows][kMostWidth];
  alignas(32) float sum[Rows][kMostWidth];  // of values, each times its share
  alignas(32) float share[Rows][kKeys];     // of the block: first scores, then e^(score - most)
  alignas(32) uint16_t mask[Rows][kKeys];
  float most[Rows];   // the largest score
  float total[Rows];  // of shares
};

/** e^x for x <= 0, within two units in the last place: Cephes' expf; 0 below -87, where float32 ends. */
LLAVA_AVX2 LLAVA_INLINE __m256 exponential(__m256 x) {
  const __m256 lowest = _mm256_set1_ps(-87.0f);
  const __m256 is_here = _mm256_cmp_ps(x, lowest, _CMP_GE_OQ);
  const __m256 bounded = _mm256_max_ps(x, lowest);
  const __m256 power = _mm256_round_ps(_mm256_mul_ps(bounded, _mm256_set1_ps(1.44269504f)),
                                       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts, so that the difference is exact.
  const __m256 near = _mm256_fnmadd_ps(power, _mm256_set1_ps(0.693359375f), bounded);
  const __m256 rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(-2.12194440e-4f), near);
  __m256 sum = _mm256_set1_ps(1.9875691500e-4f);
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.3981999507e-3f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(8.3334519073e-3f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(4.1665795894e-2f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.6666665459e-1f));
  sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(5.0000001201e-1f));
  const __m256 one = _mm256_add_ps(rest, _mm256_set1_ps(1.0f));
  const __m256 value = _mm256_fmadd_ps(sum, _mm256_mul_ps(rest, rest), one);
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(power), 23);
  const __m256i scaled = _mm256_add_epi32(_mm256_castps_si256(value), exponent);
  return _mm256_and_ps(_mm256_castsi256_ps(scaled), is_here);
}

LLAVA_AVX2 LLAVA_INLINE float largest_of(__m256 lanes) {
  alignas(32) float each[8];
  _mm256_store_ps(each, lanes);
  return *std::max_element(each, each + 8);
}

LLAVA_AVX2 LLAVA_INLINE float sum_of(__m256 lanes) {
  const __m256 four[] = {lanes, _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  return _mm_cvtss_f32(add_lanes(four));
}

/** Fetches the block's masks; positions behind the last are hidden. @return whether any is seen */
template <int64_t Rows>
bool read_masks(const Queries& queries, int64_t first, int64_t count, State<Rows>& state) {
  bool is_any_seen = false;
  for (int64_t row = 0; row < Rows; ++row) {
    uint16_t* mask = state.mask[row];
    std::memcpy(mask, queries.mask[row] + first, static_cast<size_t>(count) * sizeof(uint16_t));
    std::fill(mask + count, mask + kKeys, kHidden);
    is_any_seen =
        is_any_seen || std::any_of(mask, mask + count, [](uint16_t value) { return value != kHidden; });
  }
  return is_any_seen;
}

LLAVA_AVX2 LLAVA_INLINE void prefetch(const char* row, int64_t width) {
  for (int64_t byte = 0; byte < width * 2; byte += 64) _mm_prefetch(row + byte, _MM_HINT_T0);
}

template <int64_t Rows>
LLAVA_AVX2 void compute_scores(const Memory& memory, int64_t first, int64_t count, State<Rows>& state) {
  const auto key_at = [&](int64_t key) {
    return memory.keys + static_cast<size_t>(first + std::min(key, count - 1)) * memory.key_stride;
  };
  const float* queries[Rows];
  for (int64_t row = 0; row < Rows; ++row) queries[row] = state.query[row];
  for (int64_t key = 0; key < count; key += kDotOthers) {
    const uint16_t* keys[kDotOthers];
    for (int64_t i = 0; i < kDotOthers; ++i) {
      keys[i] = reinterpret_cast<const uint16_t*>(key_at(key + i));
      prefetch(key_at(key + i + kAhead), memory.key_width);
    }
    __m128 scores[Rows];
    dot_four<Float16, Rows>(queries, keys, memory.key_width, scores);
    for (int64_t row = 0; row < Rows; ++row) _mm_store_ps(state.share[row] + key, scores[row]);
  }
}

/** Turns scores into shares, and what is known of the blocks before into numbers of the same scale. */
template <int64_t Rows>
LLAVA_AVX2 void weigh(int64_t row, int64_t width, State<Rows>& state) {
  float* share = state.share[row];
  const __m256 never = _mm256_set1_ps(kNever);
  __m256 largest = never;
  for (int64_t key = 0; key < kKeys; key += 8) {
    const __m256 mask = Float16::load(state.mask[row] + key);
    const __m256 score = _mm256_add_ps(_mm256_load_ps(share + key), mask);
    // Whatever a hidden position holds, it may be no number.
    const __m256 seen = _mm256_blendv_ps(score, never, _mm256_cmp_ps(mask, never, _CMP_EQ_OQ));
    _mm256_store_ps(share + key, seen);
    largest = _mm256_max_ps(largest, seen);
  }
  const float most = std::max(state.most[row], largest_of(largest));
  if (most == kNever) {
    std::fill_n(share, kKeys, 0.0f);
    return;
  }
  __m256 total = _mm256_setzero_ps();
  for (int64_t key = 0; key < kKeys; key += 8) {
    const __m256 value = exponential(_mm256_sub_ps(_mm256_load_ps(share + key), _mm256_set1_ps(most)));
    _mm256_store_ps(share + key, value);
    total = _mm256_add_ps(total, value);
  }
  const float factor = _mm256_cvtss_f32(exponential(_mm256_set1_ps(state.most[row] - most)));
  state.total[row] = state.total[row] * factor + sum_of(total);
  state.most[row] = most;
  if (factor == 1.0f) return;
  for (int64_t at = 0; at < width; ++at) state.sum[row][at] *= factor;
}

/** Adds the block's values to so many times eight columns of the sums. */
template <int64_t Rows, int64_t Eights>
LLAVA_AVX2 void add_values(const char* values, size_t stride, int64_t count, int64_t at, State<Rows>& state) {
  __m256 sums[Rows][Eights];
  LLAVA_UNROLL
  for (int64_t row = 0; row < Rows; ++row) {
    LLAVA_UNROLL
    for (int64_t i = 0; i < Eights; ++i) sums[row][i] = _mm256_load_ps(state.sum[row] + at + i * 8);
  }
  values += at * 2;
  for (int64_t key = 0; key < count; ++key, values += stride) {
    __m256 parts[Eights];
    LLAVA_UNROLL
    for (int64_t i = 0; i < Eights; ++i)
      parts[i] = Float16::load(reinterpret_cast<const uint16_t*>(values) + i * 8);
    LLAVA_UNROLL
    for (int64_t row = 0; row < Rows; ++row) {
      const __m256 share = _mm256_broadcast_ss(state.share[row] + key);
      LLAVA_UNROLL
      for (int64_t i = 0; i < Eights; ++i) sums[row][i] = _mm256_fmadd_ps(share, parts[i], sums[row][i]);
    }
  }
  LLAVA_UNROLL
  for (int64_t row = 0; row < Rows; ++row) {
    LLAVA_UNROLL
    for (int64_t i = 0; i < Eights; ++i) _mm256_store_ps(state.sum[row] + at + i * 8, sums[row][i]);
  }
}

template <int64_t Rows>
LLAVA_AVX2 void add_block(const Memory& memory, int64_t first, int64_t count, State<Rows>& state) {
  const char* values = memory.values + static_cast<size_t>(first) * memory.value_stride;
  for (int64_t key = 0; key < count; ++key)
    prefetch(values + static_cast<size_t>(key) * memory.value_stride, memory.value_width);
  compute_scores(memory, first, count, state);
  for (int64_t row = 0; row < Rows; ++row) weigh(row, memory.value_width, state);
  int64_t at = 0;
  for (; at + 32 <= memory.value_width; at += 32)
    add_values<Rows, 4>(values, memory.value_stride, count, at, state);
  for (; at < memory.value_width; at += 8) add_values<Rows, 1>(values, memory.value_stride, count, at, state);
}

template <int64_t Rows>
LLAVA_AVX2 void attend_rows(const Queries& queries, const Memory& memory, float scale) {
  State<Rows> state;
  for (int64_t row = 0; row < Rows; ++row) {
    for (int64_t at = 0; at < memory.key_width; ++at) state.query[row][at] = queries.query[row][at] * scale;
    std::fill_n(state.sum[row], memory.value_width, 0.0f);
    state.most[row] = kNever;
    state.total[row] = 0.0f;
  }
  for (int64_t first = 0; first < memory.count; first += kKeys) {
    const int64_t count = std::min(kKeys, memory.count - first);
    if (read_masks(queries, first, count, state)) add_block(memory, first, count, state);
  }
  for (int64_t row = 0; row < Rows; ++row) {
    const float share = state.total[row] > 0.0f ? 1.0f / state.total[row] : 0.0f;
    for (int64_t at = 0; at < memory.value_width; ++at) queries.target[row][at] = state.sum[row][at] * share;
  }
}

}  // namespace

bool is_supported() {
  static const bool can = avx2::is_here();
  return can;
}

void attend(const Queries& queries, const Memory& memory, float scale) {
  switch (queries.count) {
    case 1: return attend_rows<1>(queries, memory, scale);
    case 2: return attend_rows<2>(queries, memory, scale);
    default: return attend_rows<kRows>(queries, memory, scale);
  }
}

#else

bool is_supported() { return false; }
void attend(const Queries&, const Memory&, float) {}

#endif

}  // namespace attention_tile
