#pragma once

/**
 * Gives llama.cpp a device beside its CPU, as its BLAS backend is one, which multiplies by Q4_0, Q4_K and
 * Q6_K weights. All else stays the CPU's. These weights stay as they are in the file, and may be mapped; llama.cpp
 * does not repack them.
 *
 * For the life of the process, and for models loaded from now on. A second call does nothing.
 * @param always also on processors with AVX-512, where ggml's own kernels are wider
 * @return whether it is there; not on processors that `quantised_panels` does not support
 */
bool register_panel_backend(bool always);
