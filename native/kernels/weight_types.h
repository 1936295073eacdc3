#pragma once

/**
 * The types of weights that our kernels multiply by, as ggml and files name them, each with what reads it: a struct of
 * float_types.h, or of quantised/blocks.h, which has the type's own name. A kernel for another type is one more line here
 * and that struct.
 */
#define LLAVA_FLOAT_TYPES(X) X(F32, Float32) X(F16, Float16) X(BF16, BFloat16)
#define LLAVA_QUANTISED_TYPES(X) X(Q4_0) X(Q4_K) X(Q6_K)
