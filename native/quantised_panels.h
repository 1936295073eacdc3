#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"

/**
 * Multiplication of quantised weights with several rows of activations on x86 processors with AVX2.
 *
 * As in ggml, activations are rounded to 8 bits, and products are summed as integers block by block: 32
 * inputs with a scale of their own. Weights are unpacked to bytes for each multiplication, 16 outputs side by
 * side, which takes as long as three rows do: so the file's own blocks can stay where they are mapped.
 */
namespace quantised_panels {

constexpr int64_t kBlock = 32;    // inputs with one scale
constexpr int64_t kOutputs = 16;  // of a panel
constexpr int64_t kRows = 3;      // of a tile: 3 x 16 sums, weights and products fill the 16 vector registers

/** One block of a panel. A weight is `scale * value + offset`. */
struct alignas(32) WeightBlock {
  uint8_t values[kBlock / 4][kOutputs][4];
  float scale[kOutputs];
  float offset[kOutputs];
};

/** One block of a tile of rows. An activation is `scale * value`; `sum` is that of the block's activations.
 */
struct RowBlock {
  int8_t values[kBlock / 4][kRows][4];
  float scale[kRows];
  float sum[kRows];
};

/** Whether this processor can, and the type is Q4_0 or Q4_K. */
bool supports(ggml_type type);

/** Rows of weights as files have them, 1 to 16; a panel with fewer ends with copies of the last. */
struct WeightRows {
  ggml_type type;
  const void* first;
  size_t stride;
  int64_t count;
};

/** Unpacks a panel, so many blocks of each row. */
void unpack_weights(const WeightRows& rows, int64_t blocks, WeightBlock* panel);

/**
 * Rounds a tile of rows.
 * @param rows `count` rows of float32, 1 to 3, `stride` bytes apart; missing ones become zeros
 * @param tile [inputs / 32]
 */
void round_rows(const void* rows, size_t stride, int64_t inputs, int64_t count, RowBlock* tile);

/** The products of a panel and a tile, so many blocks of each: `sums` is [3][16]. */
void multiply(const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums);

/** The same to the bit for the tile's first `count` rows, 1 to 3, with weights that are unpacked on the way.
 */
void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums);

}  // namespace quantised_panels
