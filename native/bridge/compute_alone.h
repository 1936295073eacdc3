#pragma once

#include <cstdint>
#include <vector>

#include "ggml.h"

/* What graphs with one operation give: what tests compare with plain floats. They throw Failure and std::bad_alloc. */

/**
 * Multiplies by a matrix, which is on the panel device when it is quantised.
 * @param weights [outputs] rows of `inputs` numbers each, as files have them
 * @param rows [count, inputs], row by row
 * @return [count, outputs]
 */
std::vector<float> multiply(ggml_type type, int64_t inputs, const std::vector<char>& weights,
                                      const std::vector<float>& rows, int threads);

/** Operands of attention; numbers of float16 as their bits. */
struct AttentionOperands {
  int64_t width;
  int64_t heads;
  int64_t key_heads;
  int64_t rows;
  int64_t positions;
  std::vector<float> queries;    // [heads, rows, width]
  std::vector<uint16_t> keys;    // [key_heads, positions, width]
  std::vector<uint16_t> values;  // [key_heads, positions, width]
  std::vector<uint16_t> mask;    // [rows, positions]
};

/** Fused attention with the usual scale, one over the root of the width. @return [rows, heads, width] */
std::vector<float> attend_cached(const AttentionOperands& operands, int threads);
