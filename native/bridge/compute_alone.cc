#include "bridge/compute_alone.h"

#include <cmath>

#include "bridge/cpu_graph.h"
#include "bridge/panel_device.h"
#include "failure.h"
#include "ggml/devices.h"
#include "ggml/handles.h"
#include "kernels/quantised/panels.h"

namespace {

constexpr size_t kTensors = 8;

ContextPtr make_context() {
  const size_t bytes = kTensors * g.ggml_tensor_overhead() + g.ggml_graph_overhead_custom(kTensors, false);
  return ContextPtr(g.ggml_init({bytes, nullptr, true}));
}

BufferPtr allocate(ggml_context* context, ggml_backend_buffer_type_t type) {
  BufferPtr buffer(g.ggml_backend_alloc_ctx_tensors_from_buft(context, type));
  if (buffer == nullptr) throw Failure(code::kOutOfMemory, "no memory for a graph of one operation");
  return buffer;
}

template <class Value>
void fill(ggml_tensor* tensor, const std::vector<Value>& values) {
  g.ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(Value));
}

std::vector<float> compute(ggml_context* context, ggml_tensor* output, int threads) {
  ggml_cgraph* graph = g.ggml_new_graph_custom(context, kTensors, false);
  g.ggml_build_forward_expand(graph, output);
  const BackendPtr cpu = start_backend(cpu_device(), threads);
  if (g.ggml_backend_graph_compute(cpu.get(), graph) != GGML_STATUS_SUCCESS)
    throw Failure(code::kEngine, "a graph of one operation failed");
  std::vector<float> result(g.ggml_nbytes(output) / sizeof(float));
  g.ggml_backend_tensor_get(output, result.data(), 0, result.size() * sizeof(float));
  return result;
}

}  // namespace

std::vector<float> multiply(ggml_type type, int64_t inputs, const std::vector<char>& weights,
                            const std::vector<float>& rows, int threads) {
  compute_own_operations();
  const ContextPtr matrices = make_context();
  const ContextPtr context = make_context();
  const auto outputs = static_cast<int64_t>(weights.size() / g.ggml_row_size(type, inputs));
  const auto count = static_cast<int64_t>(rows.size()) / inputs;
  ggml_tensor* matrix = g.ggml_new_tensor_2d(matrices.get(), type, inputs, outputs);
  ggml_tensor* input = g.ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, inputs, count);
  ggml_tensor* output = g.ggml_mul_mat(context.get(), matrix, input);
  const bool is_quantised = quantised_panels::supports(type);
  const BufferPtr kept =
      allocate(matrices.get(), is_quantised ? panel_buffer_type() : g.ggml_backend_cpu_buffer_type());
  const BufferPtr on_cpu = allocate(context.get(), g.ggml_backend_cpu_buffer_type());
  fill(matrix, weights);
  fill(input, rows);
  return compute(context.get(), output, threads);
}

std::vector<float> attend_cached(const AttentionOperands& operands, int threads) {
  compute_own_operations();
  const auto& [width, heads, key_heads, rows, positions, queries, keys, values, mask] = operands;
  const ContextPtr context = make_context();
  const auto tensor = [&, c = context.get()](ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2) {
    return g.ggml_new_tensor_3d(c, type, ne0, ne1, ne2);
  };
  ggml_tensor* query = tensor(GGML_TYPE_F32, width, rows, heads);
  ggml_tensor* key = tensor(GGML_TYPE_F16, width, positions, key_heads);
  ggml_tensor* value = tensor(GGML_TYPE_F16, width, positions, key_heads);
  ggml_tensor* hidden = tensor(GGML_TYPE_F16, positions, rows, 1);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  ggml_tensor* output = g.ggml_flash_attn_ext(context.get(), query, key, value, hidden, scale, 0.0f, 0.0f);
  const BufferPtr on_cpu = allocate(context.get(), g.ggml_backend_cpu_buffer_type());
  fill(query, queries);
  fill(key, keys);
  fill(value, values);
  fill(hidden, mask);
  return compute(context.get(), output, threads);
}
