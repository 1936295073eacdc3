#pragma once

#include <cstddef>
#include <cstdint>

/** Rows of activations rounded to 8 bits, a few side by side, as `quantised_panels` multiplies them. */
namespace quantised_panels {

constexpr int64_t kBlock = 32;  // inputs with one scale
constexpr int64_t kRows = 3;    // of a tile: 3 x 16 sums, weights and products fill the 16 vector registers

/** One block of a tile of rows. An activation is `scale * value`; sums are those of activations. */
struct RowBlock {
  int8_t values[kBlock / 4][kRows][4];
  float scale[kRows];
  float sum[kRows];
  float half_sum[2][kRows];
};

/**
 * Rounds a tile of rows.
 * @param rows `count` rows of float32, 1 to 3, `stride` bytes apart; missing ones become zeros
 * @param tile [inputs / 32]
 */
void round_rows(const void* rows, size_t stride, int64_t inputs, int64_t count, RowBlock* tile);

}  // namespace quantised_panels
