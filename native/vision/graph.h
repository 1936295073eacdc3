#pragma once

#include <memory>
#include <vector>

#include "ggml/handles.h"
#include "kernels/float/panel_matmul.h"
#include "vision/shape.h"
#include "vision/weights.h"

/**
 * How attention is computed, in float32 either way. On a CPU ggml's fused operation is exact and the faster
 * one; GPU kernels round keys and values to float16 in it and know few head sizes, so they get the plain
 * operations.
 */
enum class Attention { kFused, kPlain };

/** The whole tower as one ggml graph of fixed shape: built once, computed for every picture. */
struct VisionGraph {
  ContextPtr context;  // owns the graph and its tensors' descriptions, not their data
  ggml_cgraph* graph = nullptr;
  ggml_tensor* input = nullptr;   // [patch_values, tokens] float32: one unfolded, normalised patch a row
  ggml_tensor* output = nullptr;  // [output_width, tokens] float32: the image features
  ggml_tensor* attention = nullptr;  // [positions, 1, heads] float32: what the class token attends to
  size_t capacity = 0;            // nodes and leaves there is room for
  std::vector<std::unique_ptr<PanelMatmul>> matmuls;
  std::vector<float> scratch;  // of all of them
};

/**
 * pixels → patches → class token first, positions, layer norm → blocks → class row dropped → two-layer
 * projector. There is no layer norm after the last block: LLaVA-1.5 takes CLIP's hidden state as it is.
 * Beside it, the class token's attention in the last block, by which patches can be ranked (FasterVLM).
 * @param threads most that will ever compute it at once
 */
VisionGraph build_vision_graph(const VisionShape& shape, const VisionWeights& weights, Attention attention,
                               int threads);
