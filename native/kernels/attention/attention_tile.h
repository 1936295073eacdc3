#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Attention of a few queries to a head's keys and values in float16, on x86 processors with AVX2. Scores, shares and sums
 * are float32; ggml's operation rounds the queries and, for few of them, the sums to float16, and takes twice as long.
 *
 * Keys are read in blocks with a running maximum and sum, as in FlashAttention (Dao et al. 2022, algorithm 1).
 */
namespace attention_tile {

constexpr int64_t kRows = 3;         // 3 x 4 sums, four keys and a query fill the 16 vector registers
constexpr int64_t kMostWidth = 256;  // of a key or value

/** Whether this processor can. */
bool is_supported();

/** What is remembered of `count` positions. Rows of float16, so many bytes apart; widths are multiples of 8. */
struct Memory {
  const char* keys;
  size_t key_stride;
  int64_t key_width;
  const char* values;
  size_t value_stride;
  int64_t value_width;
  int64_t count;
};

/** 1 to 3 queries. */
struct Queries {
  int64_t count;
  const float* query[kRows];    // [key_width]
  const uint16_t* mask[kRows];  // float16 [positions], added to the scores; minus infinity hides a position
  float* target[kRows];         // [value_width]; zeros when all is hidden
};

/** A query's target is the same to the bit whatever queries are beside it. `scale` is that of the products. */
void attend(const Queries& queries, const Memory& memory, float scale);

}  // namespace attention_tile
