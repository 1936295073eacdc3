#pragma once

#include "ggml-backend.h"

/**
 * A device beside llama.cpp's CPU, of the kind that BLAS is one of, which is only a place: llama.cpp puts the Q4_0, Q4_K
 * and Q6_K weights it multiplies by there, as they are in the file, mapped or not, instead of repacking them. The CPU
 * computes with them; see cpu_graph.h.
 *
 * For the life of the process, and for models loaded from now on. A second call does nothing.
 */
void register_panel_device();

/** Whether these weights are there. None (nullptr) are not. */
bool is_on_panel_device(const ggml_tensor* weights);

ggml_backend_buffer_type_t panel_buffer_type();
