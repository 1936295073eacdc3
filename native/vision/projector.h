#pragma once

#include <functional>
#include <string>

#include "gguf/gguf_file.h"
#include "vision/affine.h"

/**
 * What turns the tower's rows into image features of the language model's width. LLaVA-1.5's: two matrices
 * with a GELU between them (arXiv:2310.03744, section 3.2).
 */
struct Projector {
  Affine in, out;            // mm.0 and mm.2
  int64_t output_width = 0;  // of the image features
};

/** Refuses (INVALID_WEIGHTS) a file whose projector is another. One that states no type is of 2023 and fine.
 */
void require_projector(const GgufFile& file);

/**
 * The projector's matrices, behind a tower of that width. Throws INVALID_WEIGHTS when one is missing.
 * @param linear plans the loading of the matrix of that name, [in → out]
 */
Projector plan_projector(
    const GgufFile& file, int64_t width,
    const std::function<Affine(const std::string& name, int64_t in, int64_t out)>& linear);

/**
 * Rows of patches → image features: [width, tokens] → [output_width, tokens].
 * @param linear multiplies rows by a matrix and adds its bias
 */
ggml_tensor* project(ggml_context* context, ggml_tensor* rows, const Projector& projector,
                     const std::function<ggml_tensor*(ggml_tensor* rows, const Affine& matrix)>& linear);
