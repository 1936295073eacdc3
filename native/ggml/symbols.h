#pragma once

#include <string>

#include "ggml-backend.h"
#include "ggml.h"
#include "llama.h"

/**
 * Every function of llama.cpp that this addon calls. They are looked up by name in the libraries that
 * node-llama-cpp has already loaded: one binary then serves the CPU, CUDA, Vulkan and Metal variants.
 */
#define LLAVA_SYMBOLS(X)                                                                                \
  X(ggml_add) X(ggml_blck_size) X(ggml_build_forward_expand) X(ggml_concat) X(ggml_cont)                \
  X(ggml_cont_2d) X(ggml_custom_4d) X(ggml_flash_attn_ext) X(ggml_fp32_to_fp16_row) X(ggml_free)        \
  X(ggml_gelu_erf)                                                                                      \
  X(ggml_get_type_traits) X(ggml_graph_n_nodes) X(ggml_graph_node) X(ggml_graph_overhead_custom) X(ggml_init) X(ggml_mul) X(ggml_mul_mat)        \
  X(ggml_nbytes) X(ggml_new_graph_custom) X(ggml_new_tensor_2d) X(ggml_new_tensor_3d) X(ggml_norm) X(ggml_permute)            \
  X(ggml_prec_set_acc) X(ggml_reshape_2d) X(ggml_reshape_3d) X(ggml_row_size) X(ggml_scale_inplace)     \
  X(ggml_set_input) X(ggml_set_name) X(ggml_set_output) X(ggml_silu) X(ggml_silu_inplace)               \
  X(ggml_soft_max_ext) X(ggml_tensor_overhead) X(ggml_type_name) X(ggml_type_size) X(ggml_view_2d)      \
  X(ggml_view_3d)                                                                                       \
  X(ggml_backend_alloc_ctx_tensors_from_buft) X(ggml_backend_buffer_free)                               \
  X(ggml_backend_buffer_get_size) X(ggml_backend_buffer_is_host) X(ggml_backend_buffer_set_usage)       \
  X(ggml_backend_buft_alloc_buffer) X(ggml_backend_buft_get_alignment) X(ggml_backend_buft_is_host)     \
  X(ggml_backend_cpu_buffer_from_ptr) X(ggml_backend_cpu_buffer_type)                                   \
  X(ggml_backend_dev_backend_reg) X(ggml_backend_dev_buffer_type) X(ggml_backend_dev_by_type)           \
  X(ggml_backend_dev_count) X(ggml_backend_dev_description) X(ggml_backend_dev_get)                     \
  X(ggml_backend_dev_init) X(ggml_backend_dev_memory) X(ggml_backend_dev_name)                          \
  X(ggml_backend_dev_supports_op) X(ggml_backend_dev_type) X(ggml_backend_free) X(ggml_backend_graph_compute)                         \
  X(ggml_backend_reg_get_proc_address) X(ggml_backend_register) X(ggml_backend_sched_alloc_graph) X(ggml_backend_sched_free)     \
  X(ggml_backend_sched_get_buffer_size) X(ggml_backend_sched_graph_compute) X(ggml_backend_sched_new)   \
  X(ggml_backend_tensor_get) X(ggml_backend_tensor_set)                                                 \
  X(llama_decode) X(llama_get_logits) X(llama_get_logits_ith) X(llama_get_memory) X(llama_get_model)                        \
  X(llama_memory_seq_pos_max) X(llama_memory_seq_rm) X(llama_model_get_vocab) X(llama_model_n_embd_inp) \
  X(llama_model_quantize) X(llama_model_quantize_default_params)                                        \
  X(llama_n_batch) X(llama_n_ctx) X(llama_n_ctx_seq) X(llama_n_seq_max) X(llama_set_abort_callback)     \
  X(llama_synchronize) X(llama_vocab_n_tokens)

struct Symbols {
#define X(name) decltype(&::name) name = nullptr;
  LLAVA_SYMBOLS(X)
#undef X
};

/** Filled by `attach`, read-only afterwards: `g.ggml_add(...)`. */
extern Symbols g;

/**
 * Fills `g` from the loaded libllama at this path. A second call with the same path does nothing.
 * Throws INCOMPATIBLE when the library is not loaded, a function is missing from it, or another library
 * was attached before: two engines in one process cannot share one table.
 */
void attach(const std::string& libllama_path);

/** Throws INCOMPATIBLE when `attach` has not succeeded yet. */
void require_attached();
