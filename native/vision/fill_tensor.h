#pragma once

#include "gguf/gguf_file.h"

/**
 * Reads a tensor's data from its file into an allocated tensor of as many values, in pieces, converting it
 * where the types differ: to float32 or float16, from any type that ggml can unpack. Throws INVALID_WEIGHTS
 * when it ends early.
 */
void fill_tensor(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target);

/** Reads a matrix into a tensor of the same type in host memory, laid out in panels for PanelMatmul. */
void fill_panels(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target);
