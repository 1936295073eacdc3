#pragma once

#include "ggml.h"

/** A matrix [in → out] or the scale of a layer norm, with its bias. Borrowed from the VisionWeights. */
struct Affine {
  ggml_tensor* weight = nullptr;  // [in, out], or panels for PanelMatmul
  ggml_tensor* bias = nullptr;
  bool in_panels = false;
};
