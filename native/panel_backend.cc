#include "panel_backend.h"

#include <cstring>
#include <mutex>
#include <new>

#include "avx2.h"
#include "ggml-backend-impl.h"
#include "panel_multiplier.h"
#include "symbols.h"

namespace {

constexpr const char* kName = "Panels";

// What follows is ggml's interface for backends, ggml-backend-impl.h, filled in as ggml-blas.cpp does.

ggml_backend_buffer_type_t buffer_type();
ggml_backend_dev_t device();

PanelMultiplier& multiplier_of(ggml_backend_t backend) {
  return *static_cast<PanelMultiplier*>(backend->context);
}

const char* backend_name(ggml_backend_t) { return kName; }

void free_backend(ggml_backend_t backend) {
  delete &multiplier_of(backend);
  delete backend;
}

void multiply(PanelMultiplier& multiplier, ggml_tensor* target) {
  const ggml_tensor* weights = target->src[0];
  const ggml_tensor* rows = target->src[1];
  multiplier.multiply({weights->type, weights->data, weights->nb[1], weights->ne[0], weights->ne[1]},
                      {static_cast<const float*>(rows->data), rows->nb[1], rows->ne[1]},
                      {static_cast<float*>(target->data), target->nb[1], target->ne[1]});
}

ggml_status compute(ggml_backend_t backend, ggml_cgraph* graph) {
  multiplier_of(backend).forget();
  try {
    for (int i = 0; i < g.ggml_graph_n_nodes(graph); ++i) {
      ggml_tensor* node = g.ggml_graph_node(graph, i);
      // All others that are supported only look at data in another way.
      if (node->op == GGML_OP_MUL_MAT && (node->flags & GGML_TENSOR_FLAG_COMPUTE) != 0)
        multiply(multiplier_of(backend), node);
    }
  } catch (const std::bad_alloc&) {
    return GGML_STATUS_ALLOC_FAILED;
  }
  return GGML_STATUS_SUCCESS;
}

void set_threads(ggml_backend_t backend, int threads) { multiplier_of(backend).set_threads(threads); }

const char* device_name(ggml_backend_dev_t) { return kName; }

const char* device_description(ggml_backend_dev_t) { return "multiplication by quantised weights"; }

/** None of its own. */
void device_memory(ggml_backend_dev_t, size_t* free, size_t* total) { *free = *total = 0; }

enum ggml_backend_dev_type device_type(ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_ACCEL; }

void device_properties(ggml_backend_dev_t self, ggml_backend_dev_props* properties) {
  *properties = {};
  properties->name = kName;
  properties->description = device_description(self);
  properties->type = GGML_BACKEND_DEVICE_TYPE_ACCEL;
  properties->caps.buffer_from_host_ptr = true;
  properties->caps.mmap_support = true;
}

ggml_backend_t start(ggml_backend_dev_t self, const char*) {
  ggml_backend_i interface{};
  interface.get_name = backend_name;
  interface.free = free_backend;
  interface.graph_compute = compute;
  static ggml_guid guid = {'l', 'l', 'a', 'v', 'a', '-', 'p', 'a', 'n', 'e', 'l', 's', '-', '0', '0', '1'};
  try {
    return new ggml_backend{&guid, interface, self, new PanelMultiplier()};
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

ggml_backend_buffer_type_t device_buffer_type(ggml_backend_dev_t) { return buffer_type(); }

/** The CPU's buffers under another type, by which llama.cpp and we know the weights that are ours. */
ggml_backend_buffer_t as_ours(ggml_backend_buffer_t buffer) {
  if (buffer != nullptr) buffer->buft = buffer_type();
  return buffer;
}

ggml_backend_buffer_t buffer_around(ggml_backend_dev_t, void* data, size_t size, size_t) {
  return as_ours(g.ggml_backend_cpu_buffer_from_ptr(data, size));
}

bool is_ours(const ggml_tensor* weights) {
  const ggml_backend_buffer_t buffer =
      weights->view_src == nullptr ? weights->buffer : weights->view_src->buffer;
  return buffer != nullptr && buffer->buft == buffer_type();
}

bool is_matrix(const ggml_tensor* tensor) { return tensor->ne[2] == 1 && tensor->ne[3] == 1; }

bool supports_multiplication(const ggml_tensor* target) {
  const ggml_tensor* weights = target->src[0];
  const ggml_tensor* rows = target->src[1];
  return quantised_panels::supports(weights->type) && is_ours(weights) && is_matrix(weights) &&
         weights->nb[1] == g.ggml_row_size(weights->type, weights->ne[0]) && rows->type == GGML_TYPE_F32 &&
         is_matrix(rows) && rows->nb[0] == sizeof(float) && target->type == GGML_TYPE_F32;
}

bool supports_operation(ggml_backend_dev_t, const ggml_tensor* target) {
  switch (target->op) {
    case GGML_OP_NONE:
    case GGML_OP_RESHAPE:
    case GGML_OP_VIEW:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE: return true;
    case GGML_OP_MUL_MAT: return supports_multiplication(target);
    default: return false;
  }
}

bool supports_buffer_type(ggml_backend_dev_t, ggml_backend_buffer_type_t type) {
  return g.ggml_backend_buft_is_host(type);
}

const char* buffer_name(ggml_backend_buffer_type_t) { return kName; }

ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t, size_t size) {
  return as_ours(g.ggml_backend_buft_alloc_buffer(g.ggml_backend_cpu_buffer_type(), size));
}

size_t alignment(ggml_backend_buffer_type_t) {
  return g.ggml_backend_buft_get_alignment(g.ggml_backend_cpu_buffer_type());
}

bool is_host(ggml_backend_buffer_type_t) { return true; }

ggml_backend_buffer_type_t buffer_type() {
  static ggml_backend_buffer_type type = [] {
    ggml_backend_buffer_type_i interface{};
    interface.get_name = buffer_name;
    interface.alloc_buffer = allocate;
    interface.get_alignment = alignment;
    interface.is_host = is_host;
    return ggml_backend_buffer_type{interface, device(), nullptr};
  }();
  return &type;
}

const char* registry_name(ggml_backend_reg_t) { return kName; }

size_t device_count(ggml_backend_reg_t) { return 1; }

ggml_backend_dev_t device_at(ggml_backend_reg_t, size_t) { return device(); }

void* find_function(ggml_backend_reg_t, const char* name) {
  const bool is_threads = std::strcmp(name, "ggml_backend_set_n_threads") == 0;
  return is_threads ? reinterpret_cast<void*>(set_threads) : nullptr;
}

ggml_backend_reg_t registry() {
  static ggml_backend_reg registry = {
      GGML_BACKEND_API_VERSION, {registry_name, device_count, device_at, find_function}, nullptr};
  return &registry;
}

ggml_backend_dev_t device() {
  static ggml_backend_device device = [] {
    ggml_backend_device_i interface{};
    interface.get_name = device_name;
    interface.get_description = device_description;
    interface.get_memory = device_memory;
    interface.get_type = device_type;
    interface.get_props = device_properties;
    interface.init_backend = start;
    interface.get_buffer_type = device_buffer_type;
    interface.buffer_from_host_ptr = buffer_around;
    interface.supports_op = supports_operation;
    interface.supports_buft = supports_buffer_type;
    return ggml_backend_device{interface, registry(), nullptr};
  }();
  return &device;
}

}  // namespace

bool register_panel_backend(bool always) {
  if (!quantised_panels::supports(GGML_TYPE_Q4_0) || (avx2::has_wider() && !always)) return false;
  static std::once_flag once;
  std::call_once(once, [] { g.ggml_backend_register(registry()); });
  return true;
}
