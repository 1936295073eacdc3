#include "ggml/devices.h"

#include "failure.h"
#include "ggml/symbols.h"

namespace {

const char* type_of(ggml_backend_dev_t device) {
  switch (g.ggml_backend_dev_type(device)) {
    case GGML_BACKEND_DEVICE_TYPE_CPU: return "cpu";
    case GGML_BACKEND_DEVICE_TYPE_GPU: return "gpu";
    case GGML_BACKEND_DEVICE_TYPE_IGPU: return "integrated-gpu";
    default: return "accelerator";
  }
}

}  // namespace

std::vector<Device> list_devices() {
  std::vector<Device> devices;
  for (size_t i = 0; i < g.ggml_backend_dev_count(); ++i) {
    const ggml_backend_dev_t device = g.ggml_backend_dev_get(i);
    size_t free = 0;
    size_t total = 0;
    g.ggml_backend_dev_memory(device, &free, &total);
    devices.push_back({g.ggml_backend_dev_name(device), g.ggml_backend_dev_description(device),
                       type_of(device), total, free});
  }
  return devices;
}

void prepare_devices() {
  for (size_t i = 0; i < g.ggml_backend_dev_count(); ++i)
    g.ggml_backend_dev_buffer_type(g.ggml_backend_dev_get(i));
}

ggml_backend_dev_t cpu_device() {
  const ggml_backend_dev_t device = g.ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (device == nullptr) throw Failure(code::kEngine, "the loaded ggml has no CPU device");
  return device;
}

ggml_backend_dev_t find_device(const std::string& name) {
  if (name.empty()) return cpu_device();
  std::string known;
  for (size_t i = 0; i < g.ggml_backend_dev_count(); ++i) {
    const ggml_backend_dev_t device = g.ggml_backend_dev_get(i);
    // Accelerators only speed up a CPU backend; they cannot hold a tower.
    if (std::string("accelerator") == type_of(device)) continue;
    if (name == g.ggml_backend_dev_name(device)) return device;
    known += (known.empty() ? "" : ", ") + std::string(g.ggml_backend_dev_name(device));
  }
  throw Failure(code::kNotFound, format("no device \"%s\"; there are: %s", name.c_str(), known.c_str()));
}

void* device_function(ggml_backend_dev_t device, const char* name) {
  return g.ggml_backend_reg_get_proc_address(g.ggml_backend_dev_backend_reg(device), name);
}

BackendPtr start_backend(ggml_backend_dev_t device, int threads) {
  BackendPtr backend(g.ggml_backend_dev_init(device, nullptr));
  if (backend == nullptr) {
    throw Failure(code::kEngine, format("the device %s cannot be started", g.ggml_backend_dev_name(device)));
  }
  const auto set_threads =
      reinterpret_cast<ggml_backend_set_n_threads_t>(device_function(device, "ggml_backend_set_n_threads"));
  if (set_threads != nullptr) set_threads(backend.get(), threads);
  return backend;
}
