#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "ggml/handles.h"
#include "gguf/gguf_file.h"
#include "vision/affine.h"
#include "vision/projector.h"
#include "vision/shape.h"

struct BlockWeights {
  Affine norm1, query, key, value, out, norm2, mlp_in, mlp_out;
};

/** The tensors of a vision tower on one device. Vectors are float32. */
struct VisionWeights {
  ContextPtr context;                  // owns the descriptions of the tensors
  BufferPtr buffer;                    // owns their data
  ggml_tensor* patch = nullptr;        // [patch_values, width]; a row is a patch unfolded: colour, y, x
  ggml_tensor* class_token = nullptr;  // [width, 1]
  ggml_tensor* position = nullptr;     // [width, positions]
  Affine pre_norm;
  std::vector<BlockWeights> blocks;  // those that are run
  Projector projector;
  uint64_t bytes() const { return g.ggml_backend_buffer_get_size(buffer.get()); }
};

/**
 * Loads a tower. Every tensor is found in the file with the type and shape the tower needs before memory is
 * taken. Matrices keep the type of the file where the device can multiply by it; else they become float16, or
 * float32. Throws INVALID_WEIGHTS, OUT_OF_MEMORY, or CANCELLED once the flag is set.
 */
VisionWeights load_vision_weights(GgufFile& file, const VisionShape& shape, ggml_backend_dev_t device,
                                  const std::atomic<bool>& cancelled);
