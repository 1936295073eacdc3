#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "ggml/handles.h"

struct Device {
  std::string name;         // what openTower takes
  std::string description;  // for people
  const char* type;         // 'cpu' | 'gpu' | 'integrated-gpu' | 'accelerator'
  uint64_t total_bytes;
  uint64_t free_bytes;
};

/** The devices registered in the loaded ggml. */
std::vector<Device> list_devices();

/**
 * Sets up every device but the CPU, as its first use would. ggml's Vulkan backend does that without a lock, so two
 * threads that load weights would meet a device that is half there. Takes what starting a GPU takes.
 */
void prepare_devices();

/** An empty name means the CPU. Throws NOT_FOUND, naming the devices there are. */
ggml_backend_dev_t find_device(const std::string& name);

/** The CPU device, which every loaded ggml has; throws ENGINE otherwise. */
ggml_backend_dev_t cpu_device();

/** A function of a device's backend that is not part of ggml's common interface; nullptr when it has none. */
void* device_function(ggml_backend_dev_t device, const char* name);

/** A backend of the device, for so many threads where it has any. Throws ENGINE when it cannot be started. */
BackendPtr start_backend(ggml_backend_dev_t device, int threads);
