#pragma once

#include <array>
#include <cstdint>

#include "gguf/gguf_file.h"

/** What a LLaVA-1.5 mmproj file says about its vision tower, checked: every number here is safe to compute
 * with. */
struct VisionShape {
  enum class Activation { kQuickGelu, kGelu, kSilu };

  int64_t image_size;         // pixels a side, e.g. 336
  int64_t patch_size;         // pixels a side, e.g. 14; divides image_size
  int64_t width;              // of the tower, e.g. 1024; a multiple of heads
  int64_t heads;              // attention heads, e.g. 16
  int64_t stored_blocks;      // transformer blocks in the file, e.g. 23
  int64_t blocks;             // of these, how many are run
  float epsilon;              // of the layer norms
  Activation activation;      // between the two matrices of a block's MLP
  std::array<float, 3> mean;  // of pixels scaled to 0..1, red green blue
  std::array<float, 3> std;

  int64_t tokens() const { return (image_size / patch_size) * (image_size / patch_size); }
  int64_t positions() const { return tokens() + 1; }  // the class token comes first
  int64_t head_size() const { return width / heads; }
  int64_t patch_values() const { return 3 * patch_size * patch_size; }
};

/**
 * Reads the shape from the keys of a file, or refuses the file (INVALID_WEIGHTS) when it is not the mmproj of
 * a LLaVA-1.5. Files of 2023 without `clip.projector_type` are accepted.
 */
VisionShape read_vision_shape(const GgufFile& file);
