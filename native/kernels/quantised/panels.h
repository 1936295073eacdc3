#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"
#include "kernels/quantised/rounded_rows.h"

/**
 * Multiplication of quantised weights with several rows of activations on x86 processors with AVX2.
 *
 * As in ggml, activations are rounded to 8 bits, and products are summed as integers block by block: 32
 * inputs with a scale of their own. Weights are unpacked to bytes for each multiplication, 32 outputs side by
 * side, which takes as long as a few rows do: so the file's own blocks can stay where they are mapped.
 */
namespace quantised_panels {

constexpr int64_t kOutputs = 32;  // of a panel

/** One block of a panel. A weight is `scale * value + offset`; types with one scale a block leave the second. */
struct alignas(64) WeightBlock {
  uint8_t values[kBlock / 4][kOutputs][4];
  float scale[2][kOutputs];
  float offset[2][kOutputs];
};

/** Whether this processor can, and the type is one of weight_types.h. */
bool supports(ggml_type type);

/** Rows of weights as files have them, 1 to 32; a panel with fewer ends with copies of the last. */
struct WeightRows {
  ggml_type type;
  const void* first;
  size_t stride;
  int64_t count;
};

/** Unpacks a panel, so many blocks of each row. */
void unpack_weights(const WeightRows& rows, int64_t blocks, WeightBlock* panel);

/** Asks for bytes of weights that are unpacked later, so that they are in the second cache by then. */
void prefetch(const void* weights, size_t bytes);

/** Adds the products of a panel and a tile, so many blocks of each, to `sums`: [3][32]. */
void multiply(ggml_type weights, const WeightBlock* panel, const RowBlock* tile, int64_t blocks, float* sums);

/**
 * Sets `sums` for the tile's first `count` rows, 1 to 3, to what `multiply` makes of zeros, to the bit; weights are
 * unpacked on the way.
 */
void multiply_few(const WeightRows& rows, const RowBlock* tile, int64_t count, int64_t blocks, float* sums);

}  // namespace quantised_panels
