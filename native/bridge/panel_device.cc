#include "bridge/panel_device.h"

#include <mutex>
#include <new>

#include "ggml-backend-impl.h"
#include "ggml/symbols.h"
#include "kernels/quantised/panel_multiplication.h"

namespace {

constexpr const char* kName = "Panels";

// What follows is ggml's interface for backends, ggml-backend-impl.h, filled in as ggml-blas.cpp does.

ggml_backend_buffer_type_t buffer_type();
ggml_backend_dev_t device();

const char* backend_name(ggml_backend_t) { return kName; }

void free_backend(ggml_backend_t backend) { delete backend; }

/** Is given nothing to compute, since it supports nothing once weights are loaded. */
ggml_status compute_nothing(ggml_backend_t, ggml_cgraph*) { return GGML_STATUS_FAILED; }

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
  interface.graph_compute = compute_nothing;
  static ggml_guid guid = {'l', 'l', 'a', 'v', 'a', '-', 'p', 'a', 'n', 'e', 'l', 's', '-', '0', '0', '1'};
  return new (std::nothrow) ggml_backend{&guid, interface, self, nullptr};
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

/** A view's is that of what it looks at; its own may not be set yet. */
ggml_backend_buffer_t buffer_of(const ggml_tensor* tensor) {
  return tensor->view_src == nullptr ? tensor->buffer : tensor->view_src->buffer;
}

/**
 * Before it loads a matrix, llama.cpp asks whether it could be multiplied by in our buffer, with an empty one. Of loaded
 * ones we compute nothing: that is the CPU's, which reads the same memory.
 */
bool supports_operation(ggml_backend_dev_t, const ggml_tensor* operation) {
  const ggml_tensor* weights = operation->src[0];
  return is_on_panel_device(weights) && PanelMultiplication::supports(operation) &&
         buffer_of(weights)->size == 0;
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

void* find_function(ggml_backend_reg_t, const char*) { return nullptr; }

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

bool is_on_panel_device(const ggml_tensor* weights) {
  if (weights == nullptr) return false;
  const ggml_backend_buffer_t buffer = buffer_of(weights);
  return buffer != nullptr && buffer->buft == buffer_type();
}

ggml_backend_buffer_type_t panel_buffer_type() { return buffer_type(); }

void register_panel_device() {
  static std::once_flag once;
  std::call_once(once, [] { g.ggml_backend_register(registry()); });
}
